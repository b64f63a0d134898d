"""Which intent a message has: regression on sentence embeddings, with a second look when in doubt."""

from __future__ import annotations

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from engine.encoders import encoder, fingerprint
from engine.featurizer import SentenceFeaturizer
from engine.regression import Regression, fit

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SentenceClassifier(IntentClassifier, GraphComponent):
    """Classifies by the dense sentence features of the featurizers before it.

    When the likeliest intent has a probability under `sure_from`, the sentence is embedded with
    `second_encoder` too and a regression on both embeddings decides: the slow encoder is paid for doubtful
    messages only. `second_encoder: null` switches that off. `strengths` are the values of C that
    cross-validation chooses from.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Need a sentence embedding before it."""
        return [SentenceFeaturizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Name the package that training needs beside the encoders."""
        return ["sklearn"]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Make Rasa's training cache forget its results when the encoders or our code change."""
        return fingerprint()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Look twice at every message whose intent is not nearly certain."""
        return {
            "second_encoder": "e5",
            "sure_from": 0.7,
            "strengths": [0.3, 1.0, 3.0, 10.0],
            "second_scale": 6.0,
            "ranking_length": 10,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        first: Regression | None = None,
        second: Regression | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._first = first
        self._second = second
        self._encode = encoder(config["second_encoder"]) if config["second_encoder"] else None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceClassifier:
        """Create an untrained component (see GraphComponent)."""
        return cls({**cls.get_default_config(), **config}, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SentenceClassifier:
        """Load a trained component: plain arrays and JSON, no pickles."""
        settings = {**cls.get_default_config(), **config}
        with model_storage.read_from(resource) as folder:
            second = Regression.load(folder / "second") if settings["second_encoder"] else None
            return cls(settings, model_storage, resource, Regression.load(folder / "first"), second)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the one or two regressions and store them."""
        examples = [e for e in training_data.intent_examples if e.get(INTENT) and e.get(TEXT)]
        if not examples:
            raise ValueError("There is no example with an intent in data/nlu: nothing to train on.")
        labels = [example.get(INTENT) for example in examples]
        features = _features(examples)
        self._first = fit(features, labels, self._config["strengths"])
        if self._encode is not None:
            both = np.hstack([features, self._second_features(examples)])
            self._second = fit(both, labels, self._config["strengths"])
        with self._model_storage.write_to(self._resource) as folder:
            self._store(folder, Counter(labels))
        return self._resource

    def _store(self, folder: Path, counts: Counter[str]) -> None:
        for name, regression in (("first", self._first), ("second", self._second)):
            if regression is not None:
                regression.store(folder / name)
                logger.info("Intent regression %s: C %s, log loss %.3f", name, regression.c, regression.loss)
        (folder / "examples.json").write_text(json.dumps(counts))

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of each message."""
        if self._first is None:
            raise RuntimeError("The intent classifier is not trained.")
        for message in messages:
            names, chances = self._classify(message)
            ranking = [
                {INTENT_NAME_KEY: names[i], PREDICTED_CONFIDENCE_KEY: float(chances[i])}
                for i in np.argsort(-chances)[: self._config["ranking_length"]]
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def _classify(self, message: Message) -> tuple[list[str], np.ndarray]:
        assert self._first is not None  # noqa: S101 - for the type checker, process() looked
        if not message.get(TEXT):
            return self._first.labels, np.full(len(self._first.labels), 1.0 / len(self._first.labels))
        features = _features([message])
        chances = self._first.chances(features)[0]
        if self._second is not None and chances.max() < self._config["sure_from"]:
            both = np.hstack([features, self._second_features([message])])
            return self._second.labels, self._second.chances(both)[0]
        return self._first.labels, chances

    def _second_features(self, messages: list[Message]) -> np.ndarray:
        assert self._encode is not None  # noqa: S101
        return self._encode([message.get(TEXT) for message in messages]) * self._config["second_scale"]

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Classify the training examples, for components after this one."""
        self.process([e for e in training_data.training_examples if e.get(TEXT)])
        return training_data


def _features(messages: list[Message]) -> np.ndarray:
    """Return the dense sentence features, one row per message."""
    rows = [message.get_dense_features(TEXT)[1] for message in messages]
    return np.vstack([row.features for row in rows]).astype(np.float32)
