"""Search, attention and nearest words: as scikit-learn and torch compute them, whatever a reader types."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from core import answers
from core.ops import attention_scores, nearest_words, search_engine, text_corpus
from core.ops.data import help_texts
from core.panels import Bars

QUERIES = ["break out of a nested loop", "compare two floating point numbers", "import import module", "with"]
TYPED = [
    "<b>loop</b>",
    "`loop` `",
    "ключ",
    "循环 列表",
    "a",
    "🙂",
    "zzzzqqq",
    "{word} {0}",
    "x" * 80,
    "<img src=x>",
]


@pytest.fixture(scope="module")
def vectorizer() -> tuple[TfidfVectorizer, object]:
    found = TfidfVectorizer()
    return found, found.fit_transform(help_texts().values())


@pytest.mark.parametrize("query", QUERIES)
def test_cosines_and_ranking_are_scikit_learns(vectorizer, query) -> None:
    tool, documents = vectorizer
    expected = cosine_similarity(documents, tool.transform([query]))[:, 0]
    found = search_engine.search(query)
    np.testing.assert_allclose(found.cosines.numpy(), expected, atol=1e-5)
    ranked = [found.titles[k] for k in found.best]
    assert ranked == [list(help_texts())[k] for k in np.argsort(-expected, kind="stable")[: len(ranked)]]


def test_the_words_are_scikit_learns(vectorizer) -> None:
    assert list(text_corpus.corpus().words) == sorted(vectorizer[0].get_feature_names_out())


@pytest.mark.parametrize("query", QUERIES)
def test_the_words_that_did_it_add_up_to_the_cosine(query) -> None:
    found = search_engine.search(query)
    torch.testing.assert_close(found.parts.sum(1), found.cosines, rtol=0, atol=1e-5)


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize(
    ("example", "name"),
    [("search-engine", "query"), ("nearest-words", "word"), ("attention-scores", "sentence")],
)
def test_whatever_is_typed_gets_sentences_and_is_never_markup(example, name, typed) -> None:
    _data, blobs = answers.example({"key": "dot-product", "example": example, "parameters": {name: typed}})
    figure = json.loads(blobs["film"])
    assert all(step["sentence"].strip() for step in figure["layout"]["meta"]["steps"])
    drawn = json.dumps([figure["data"], [frame["data"] for frame in figure["frames"]]])
    assert "<img" not in drawn and "<b>loop" not in drawn


def test_unknown_words_are_named() -> None:
    first = next(search_engine.steps(query="zzzzqqq"))
    assert "zzzzqqq" in first.sentence and "0" in first.sentence


def test_attention_is_torchs() -> None:
    words = attention_scores.tokens(attention_scores.SENTENCE)
    K = attention_scores.keys(words)
    identity = torch.eye(len(words))
    expected = torch.nn.functional.scaled_dot_product_attention(K[None, 1:2], K[None], identity[None])[0, 0]
    torch.testing.assert_close(attention_scores.run(K[1], K), expected, rtol=1e-4, atol=1e-5)
    last = list(attention_scores.steps())[-1]
    weights = next(panel for panel in last.panels if isinstance(panel, Bars) and panel.name == "weights")
    assert sum(weights.values) == pytest.approx(1, abs=1e-5)


def test_nearest_words_are_by_cosine_and_of_one_kind() -> None:
    vectors = text_corpus.word_vectors()
    row = vectors.row("float")
    expected = torch.nn.functional.cosine_similarity(vectors.vectors, vectors.vectors[row][None], dim=1)
    cosines = nearest_words.run(vectors.vectors, vectors.vectors[row])
    torch.testing.assert_close(cosines, expected, rtol=1e-4, atol=1e-5)
    nearest = {vectors.words[k] for k in cosines.argsort(descending=True)[1:8].tolist()}
    assert nearest & {"complex", "floating", "integer", "point", "numbers"}


def test_word_vectors_are_always_the_same_up_to_their_signs() -> None:
    first = text_corpus.word_vectors().vectors
    text_corpus.word_vectors.cache_clear()
    again = text_corpus.word_vectors().vectors
    torch.testing.assert_close(first @ first[0], again @ again[0])
