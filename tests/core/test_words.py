"""Two languages, equally complete."""

from __future__ import annotations

import re
import threading

import pytest

from core import words
from core.words import LANGUAGES, N_, _, best_language, speaking, use
from tests import catalogue

SAID = catalogue.messages()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_none_is_left_over(language) -> None:
    known = {message.id: message.string for message in catalogue.read(language) if message.id}
    assert sorted(text for text in SAID if not known.get(text)) == []
    assert sorted(text for text in known if text not in SAID) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_placeholders(language) -> None:
    for message in catalogue.read(language):
        if message.id:
            wanted = set(catalogue.PLACEHOLDER.findall(message.id))
            assert set(catalogue.PLACEHOLDER.findall(message.string)) == wanted, message.id


def test_chinese_is_chinese() -> None:
    untranslated = [
        message.id
        for message in catalogue.read("zh")
        if message.id
        and message.id == message.string
        and len([letter for letter in message.id if letter.isalpha() and letter.isascii()]) > 12
    ]
    assert untranslated == []


CHINESE = "[一-鿿]"
HALF_WIDTH = re.compile(CHINESE + r"[,;:.?!(]|[)]" + CHINESE)
NO_SPACE = re.compile(CHINESE + "[A-Za-z0-9`]|[A-Za-z0-9`]" + CHINESE)


def chinese_that_matches(wrong: re.Pattern[str]) -> list[str]:
    return [message.string for message in catalogue.read("zh") if message.id and wrong.search(message.string)]


def test_chinese_uses_full_width_punctuation() -> None:
    assert HALF_WIDTH.search("形状,轴") and not HALF_WIDTH.search("A, B：形状，轴 (2, 3)。")
    assert chinese_that_matches(HALF_WIDTH) == []


def test_chinese_stands_apart_from_letters_and_numbers() -> None:
    assert NO_SPACE.search("轴n") and NO_SPACE.search("3行") and not NO_SPACE.search("第 3 行：轴 n。")
    assert chinese_that_matches(NO_SPACE) == []


def test_messages_are_whole_before_they_are_translated() -> None:
    """`_(f"...")` or `_("..." + x)` finds nothing in a catalogue."""
    source = '_(f"a {x}"), _("a" + x), _("a {}".format(x)), _("a").format(x), _(labels["a"]), N_("a")'
    assert list(catalogue.said(source)) == ["a", "a"]
    assert list(catalogue.assembled(source)) == [1, 1, 1]
    found = [f"{path}:{line}" for path, text in catalogue.sources() for line in catalogue.assembled(text)]
    assert found == []


def test_the_extractor_sees_the_sources() -> None:
    assert "Matrix-vector product" in SAID
    assert len(SAID) > 100


def test_speaking_is_bound_to_its_context() -> None:
    heard = []
    with speaking("zh"):
        thread = threading.Thread(target=lambda: heard.append(words.language()))
        thread.start()
        thread.join()
        assert words.language() == "zh"
        assert _("Matrix-vector product") == "矩阵-向量乘法"
    assert heard == ["en"]
    assert words.language() == "en"


def test_unknown_languages_are_english() -> None:
    use("tlh")
    assert words.language() == "en"
    assert best_language("zh-Hans-CN") == "zh"
    assert best_language("fr-FR") == "en"
    assert best_language(None) == "en"
    assert N_("marked") == "marked"
    assert _("") == ""


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        (("No.", "", " Try 3. "), "No. Try 3."),
        (("不是。", "试试 3。"), "不是。试试 3。"),
        (("不是。", "Try 3.", "3。"), "不是。Try 3. 3。"),
        (("", ""), ""),
    ],
)
def test_sentences_stand_in_a_row_as_their_language_sets_them(sentences: tuple[str, ...], said: str) -> None:
    assert words.together(*sentences) == said
