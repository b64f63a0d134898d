"""Sentence embeddings as an ordinary component of a Rasa pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from engine.encoders import encoder, fingerprint


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds one dense sentence feature per message.

    `encoder` is `use` or `e5`. `scale` multiplies the unit vectors: Rasa's own LogisticRegressionClassifier
    has no `C`, and over-regularises vectors of length one.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Need nothing before it: the encoders split text into pieces themselves."""
        return []

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Make Rasa's training cache forget its results when the encoders or our code change."""
        return fingerprint()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Encode with the faster of the two, scaled for Rasa's own classifier."""
        return {**DenseFeaturizer.get_default_config(), "encoder": "use", "scale": 6.0}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, {**self.get_default_config(), **config})
        self._encode = encoder(self._config["encoder"])
        self._scale = float(self._config["scale"])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceFeaturizer:
        """Create the component (see GraphComponent)."""
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Raise ValueError for an unknown encoder."""
        encoder(config.get("encoder", "use"))

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the sentence feature to each message that has a text."""
        texts = [message for message in messages if message.get(TEXT)]
        if texts:
            rows = self._encode([message.get(TEXT) for message in texts]) * self._scale
            for message, row in zip(texts, rows, strict=True):
                message.add_features(Features(row[np.newaxis], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the sentence feature to each training example that has a text."""
        self.process(training_data.training_examples)
        return training_data
