"""Multinomial logistic regression with its strength chosen by cross-validation, stored as plain arrays."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDS = 3
SEED = 7


@dataclass(frozen=True)
class Regression:
    """Labels with their weights; `loss` is the cross-validated log loss at `c` (NaN: too few examples)."""

    labels: list[str]
    weights: np.ndarray
    bias: np.ndarray
    c: float
    loss: float

    def chances(self, features: np.ndarray) -> np.ndarray:
        """Return one row of probabilities per row of features, in the order of `labels`."""
        scores = features @ self.weights + self.bias
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))

    def store(self, path: Path) -> None:
        """Write `path`.npz and `path`.json."""
        np.savez(path.with_suffix(".npz"), weights=self.weights, bias=self.bias)
        text = json.dumps({"labels": self.labels, "c": self.c, "loss": self.loss})
        path.with_suffix(".json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Regression:
        """Read what `store` wrote; never unpickles."""
        about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            return cls(about["labels"], arrays["weights"], arrays["bias"], about["c"], about["loss"])


def fit(features: np.ndarray, labels: Sequence[str], strengths: Sequence[float]) -> Regression:
    """Fit on all examples with the C whose cross-validated log loss is smallest."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    names = sorted(set(labels))
    if len(names) < 2:
        raise ValueError("data/nlu has examples of fewer than two intents: nothing to tell apart.")

    def model(c: float) -> LogisticRegression:
        return LogisticRegression(C=c, class_weight="balanced", max_iter=500, tol=1e-3)

    y = np.array(labels)
    folds = min(FOLDS, min(Counter(labels).values()))
    losses = {strengths[len(strengths) // 2]: float("nan")}
    if folds >= 2 and len(strengths) > 1:
        split = StratifiedKFold(folds, shuffle=True, random_state=SEED)
        losses = {
            c: log_loss(
                y, cross_val_predict(model(c), features, y, cv=split, method="predict_proba"), labels=names
            )
            for c in strengths
        }
    c = min(losses, key=losses.__getitem__)
    best = model(c).fit(features, y)
    weights, bias = best.coef_.T, best.intercept_
    if len(names) == 2:  # scikit-learn keeps one column for two classes; softmax needs both
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    return Regression(names, weights.astype(np.float32), bias.astype(np.float32), float(c), float(losses[c]))
