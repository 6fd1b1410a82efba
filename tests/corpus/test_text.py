from __future__ import annotations

import pytest

from met_kg.corpus.text import DAMAGE, clean, fill


@pytest.mark.parametrize(
    ("damaged", "mended"),
    [
        ("maximum temperature was 38?6?C, oxygen", "maximum temperature was 38.6 °C, oxygen"),
        ("a high-grade fever (39.6?C [103.28?C])", "a high-grade fever (39.6 °C [103.28 °C])"),
        ("fever (37.8 ?) and cough", "fever (37.8 °) and cough"),
        ("platelets 113 ? 109 per L", "platelets 113 × 109 per L"),
        ("Sichuan Provincial People?s Hospital", "Sichuan Provincial People's Hospital"),
        ("procalcitonin (0.12?g/l; normal)", "procalcitonin (0.12µg/l; normal)"),
        ("organisms ? such as Streptococcus", "organisms – such as Streptococcus"),
    ],
)
def test_damage_is_mended_where_the_context_is_certain(damaged: str, mended: str) -> None:
    result = clean(damaged.replace("?", DAMAGE))
    assert result.text == mended
    assert result.damaged == 0 and result.mended == damaged.count("?")


@pytest.mark.parametrize("text", ["Neuk?lln", "normal 130?180", "WBC 7?4"])
def test_what_could_be_several_things_stays_and_is_counted(text: str) -> None:
    result = clean(text.replace("?", DAMAGE))
    assert result.damaged == 1 and DAMAGE in result.text


def test_control_characters_and_runs_of_space_go() -> None:
    assert clean("a\x00 b\u200b\n\n c\ufeff ").text == "a b c"


def test_a_template_drops_the_part_whose_column_is_empty() -> None:
    record = {"modality": "CT", "view": " ", "finding": "COVID-19"}
    assert fill("{view} {modality}[ ({view})][, {finding}]", record).strip() == "CT, COVID-19"
