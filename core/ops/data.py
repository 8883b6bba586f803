"""Real data for the concepts: what core/data.py loads, under the name that the concepts use."""

from core.data import (
    DIABETES_FEATURES,
    IRIS_FEATURES,
    IRIS_KINDS,
    diabetes,
    help_texts,
    iris,
    photograph,
)

__all__ = [
    "DIABETES_FEATURES",
    "IRIS_FEATURES",
    "IRIS_KINDS",
    "diabetes",
    "help_texts",
    "iris",
    "photograph",
]
