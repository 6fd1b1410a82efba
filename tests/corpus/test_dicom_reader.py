from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, JPEGLSLossless, RLELossless, generate_uid

from met_kg.corpus import readers
from met_kg.corpus.read import read_corpus
from met_kg.corpus.readers import Row
from met_kg.corpus.spec import CorpusSpec
from met_kg.errors import DataProblem, MissingData
from met_kg.records import Quarantined

SECRETS = ("Doe^Jane", "ID-4711", "19600102", "Saint Nowhere", "Dr^House", "052Y", "secret remark")


def dicom(path: Path, values: np.ndarray, **tags: object) -> Path:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.SOPClassUID = CTImageStorage
    data.PatientName, data.PatientID, data.PatientBirthDate, data.InstitutionName = SECRETS[:4]
    data.ReferringPhysicianName, data.PatientAge, data.StudyDescription = SECRETS[4:]
    data.Modality, data.BodyPartExamined = "CT", "CHEST"
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    data.Rows, data.Columns = values.shape[-2:]
    data.PixelData = values.astype("<i2").tobytes()
    for name, value in tags.items():
        setattr(data, name, value)
    data.save_as(path, enforce_file_format=True)
    return path


def ramp() -> np.ndarray:
    return np.tile(np.linspace(-1000, 1000, 64), (48, 1))


def read(folder: Path, tmp_path: Path, **options: object) -> tuple[list[Row], list[Quarantined]]:
    spec = CorpusSpec(name="scans", reader="dicom", path=str(folder), licence="CC0-1.0", options=options)
    reader = readers.find("dicom")
    place = readers.Place(tmp_path / "run" / "images", tmp_path, 1, tmp_path / "run" / "reports")
    found = list(reader.read(spec, reader.options.model_validate(options), place))
    return [f for f in found if not isinstance(f, Quarantined)], [f for f in found if isinstance(f, Quarantined)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def pixels(row: Row, tmp_path: Path) -> np.ndarray:
    return np.asarray(Image.open(tmp_path / "run" / row["image"]), dtype=float)


def test_nothing_that_identifies_leaves_the_file(folder: Path, tmp_path: Path) -> None:
    dicom(folder / "a.dcm", ramp(), KVP="120")
    rows, _ = read(folder, tmp_path)
    text = json.dumps(rows, default=str)
    assert not any(secret in text for secret in SECRETS)
    assert rows[0]["caption"] == "Computed tomography (CT) of the chest, axial plane."
    assert (rows[0]["modality"], rows[0]["view"], rows[0]["body_part"]) == ("CT", "axial", "chest")
    assert json.loads(rows[0]["meta"])["KVP"] == "120"
    assert rows[0]["group_id"] == "scans/patient-00001"
    saved = (tmp_path / "run" / rows[0]["image"]).read_bytes()
    assert not any(secret.encode() in saved for secret in SECRETS)


def test_window_rescale_and_inversion(folder: Path, tmp_path: Path) -> None:
    window = {"WindowCenter": 40, "WindowWidth": 400}
    dicom(folder / "a.dcm", ramp(), **window)
    dicom(folder / "b.dcm", ramp() + 1024, RescaleSlope=1, RescaleIntercept=-1024, **window)
    dicom(folder / "c.dcm", ramp(), PhotometricInterpretation="MONOCHROME1", **window)
    rows, aside = read(folder, tmp_path)
    assert aside == []
    plain, rescaled, inverted = (pixels(r, tmp_path) for r in rows)
    assert plain[0, 10] == 0 and plain[0, -10] == 255
    assert np.abs(plain - rescaled).max() <= 2
    assert np.abs(plain - (255 - inverted)).max() <= 1


def test_the_middle_frame_is_shown(folder: Path, tmp_path: Path) -> None:
    frames = np.stack([ramp(), ramp()[:, ::-1], ramp()])
    dicom(folder / "a.dcm", frames, NumberOfFrames=3)
    shown = pixels(read(folder, tmp_path)[0][0], tmp_path)
    assert shown[0, 0] > shown[0, -1]


def test_unusable_files_are_set_aside(folder: Path, tmp_path: Path) -> None:
    dicom(folder / "a.dcm", ramp())
    dicom(folder / "b-burned.dcm", ramp(), BurnedInAnnotation="YES")
    dicom(folder / "c-seg.dcm", ramp(), Modality="SEG")
    dicom(folder / "d-short.dcm", ramp(), Rows=999)
    dicom(folder / "e-huge.dcm", ramp(), Rows=60_000, Columns=60_000)
    (folder / "f-note.txt").write_text("no DICOM")
    rows, aside = read(folder, tmp_path)
    assert len(rows) == 1
    reasons = {q.where: q.reason for q in aside}
    assert "burned-in" in reasons["b-burned.dcm"]
    assert "no picture of a person" in reasons["c-seg.dcm"]
    assert "cannot be used" in reasons["d-short.dcm"] and "cannot be used" in reasons["f-note.txt"]
    assert "3,600,000,000 pixels" in reasons["e-huge.dcm"]


def test_files_of_one_patient_share_a_group(folder: Path, tmp_path: Path) -> None:
    for name, patient in (("a", "x"), ("b", "y"), ("c", "x")):
        dicom(folder / f"{name}.dcm", ramp() * (1 + ord(name) % 3), PatientID=patient)
    groups = [r["group_id"] for r in read(folder, tmp_path)[0]]
    assert groups[0] == groups[2] != groups[1]


def test_the_examples_inside_pydicom(tmp_path: Path) -> None:
    spec = CorpusSpec(name="pydicom", reader="dicom", path="pydicom://examples")
    found = list(read_corpus(spec, images_dir=tmp_path / "images", base=tmp_path, seed=1))
    rows = [f for f in found if not isinstance(f, Quarantined)]
    assert {"CT", "MR", "US", "NM"} <= {r["modality"] for r in rows}
    assert {f.where for f in found if isinstance(f, Quarantined)} >= {"MR_truncated.dcm"}
    assert all((tmp_path / r["image"]).is_file() for r in rows)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="DICOM folder of corpus 'scans'"):
        read(tmp_path / "none", tmp_path)


def test_of_several_windows_the_first_counts_unless_the_recipe_says_otherwise(folder: Path, tmp_path: Path) -> None:
    dicom(folder / "a.dcm", ramp(), WindowCenter=[-500, 40], WindowWidth=[200, 400])

    def bright(**options: object) -> float:
        """Where on the ramp (-1000 to 1000) the picture is half bright."""
        shown = pixels(read(folder, tmp_path, **options)[0][0], tmp_path)[0]
        return float(np.interp(127.5, shown, np.linspace(-1000, 1000, 64)))

    assert abs(bright() - -500) < 25
    assert abs(bright(window=[40, 400]) - 40) < 25
    assert abs(bright(window="auto")) < 25
    wide = pixels(read(folder, tmp_path, window=[0, 8000])[0][0], tmp_path)
    assert 90 < wide.min() < wide.max() < 165, "a window wider than the values does not stretch them"


def test_functions_and_tables_of_the_standard(folder: Path, tmp_path: Path) -> None:
    window = {"WindowCenter": 0, "WindowWidth": 1000}
    dicom(folder / "a.dcm", ramp(), VOILUTFunction="SIGMOID", **window)
    dicom(folder / "b.dcm", ramp(), VOILUTFunction="LINEAR_EXACT", **window)
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [2, 0, 8])
    table.add_new("LUTData", "US", [10, 200])
    dicom(folder / "c.dcm", (ramp() > 0).astype(int), VOILUTSequence=[table], **window)
    sigmoid, exact, looked_up = (pixels(r, tmp_path)[0] for r in read(folder, tmp_path)[0])
    at = [0, 16, 32, 48, 63]
    x = np.linspace(-1000, 1000, 64).astype(int)[at]
    assert np.abs(sigmoid[at] - 255 / (1 + np.exp(-4 * x / 1000))).max() < 1
    assert np.abs(exact[at] - np.clip(x / 1000 + 0.5, 0, 1) * 255).max() < 1
    assert set(looked_up) == {10, 200}


def test_outliers_do_not_darken_a_picture_without_a_window(folder: Path, tmp_path: Path) -> None:
    values = ramp()
    values[0, 0] = 30_000
    dicom(folder / "a.dcm", values)
    assert pixels(read(folder, tmp_path)[0][0], tmp_path)[1, -1] > 250


def test_all_frames_or_every_nth_with_their_own_windows(folder: Path, tmp_path: Path) -> None:
    frames = np.stack([ramp() for _ in range(5)])
    groups = []
    for center in (-500, -250, 0, 250, 500):
        voi, group = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 100
        group.FrameVOILUTSequence = [voi]
        groups.append(group)
    shared, plane = Dataset(), Dataset()
    plane.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    shared.PlaneOrientationSequence = [plane]
    dicom(folder / "a.dcm", frames, NumberOfFrames=5, PerFrameFunctionalGroupsSequence=groups,
          SharedFunctionalGroupsSequence=[shared])  # fmt: skip
    rows, aside = read(folder, tmp_path, frames="all")
    assert aside == [] and [r["view"] for r in rows] == ["sagittal"] * 5
    assert rows[1]["caption"] == "Computed tomography (CT) of the chest, sagittal plane, frame 2 of 5."
    bright = [float((pixels(r, tmp_path) > 127).mean()) for r in rows]
    assert bright == sorted(bright, reverse=True) and bright[0] > 0.7 and bright[-1] < 0.3
    assert len({r["sample_id"] for r in rows}) == 5 and len({r["group_id"] for r in rows}) == 1
    assert len(read(folder, tmp_path, frames=2)[0]) == 3


def test_sex_and_age_are_taken_and_old_age_is_banded(folder: Path, tmp_path: Path) -> None:
    for name, sex, age in (("a", "F", "052Y"), ("b", "M", "093Y"), ("c", "O", "006M"), ("d", "", "089Y")):
        dicom(folder / f"{name}.dcm", ramp(), PatientSex=sex, PatientAge=age)
    assert [(r["sex"], r["age"]) for r in read(folder, tmp_path)[0]] == [
        ("F", "52"), ("M", "90+"), ("", "6 months"), ("", "89")
    ]  # fmt: skip


def test_view_and_side_are_words(folder: Path, tmp_path: Path) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "R-10226", "SNM3", "secret meaning"
    dicom(folder / "a.dcm", ramp(), Modality="MG", BodyPartExamined="BREAST", ImageLaterality="L",
          ViewCodeSequence=[code])  # fmt: skip
    row = read(folder, tmp_path)[0][0]
    assert row["caption"] == "Mammography of the left breast, mediolateral oblique view."
    assert (row["view"], json.loads(row["meta"])["laterality"]) == ("MLO", "left")


def test_what_may_be_burned_in_is_flagged_or_dropped(folder: Path, tmp_path: Path) -> None:
    dicom(folder / "a.dcm", ramp(), Modality="US")
    dicom(folder / "b.dcm", ramp(), Modality="US", BurnedInAnnotation="NO")
    dicom(folder / "c.dcm", ramp())
    dicom(folder / "d.dcm", ramp(), RecognizableVisualFeatures="YES")
    rows, aside = read(folder, tmp_path)
    assert [json.loads(r["meta"]).get("burned_in") for r in rows] == ["unknown", None, None]
    assert [q.where for q in aside] == ["d.dcm"] and "can be recognised" in aside[0].reason
    rows, aside = read(folder, tmp_path, burned_in="drop")
    assert len(rows) == 2 and "'US' often has" in aside[0].reason


def test_patients_keep_their_names_with_a_key(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef0123456789abcdef\n")
    dicom(folder / "b.dcm", ramp(), PatientID="4711")
    before = read(folder, tmp_path, pseudonym_key="key")[0][0]["group_id"]
    dicom(folder / "a.dcm", ramp(), PatientID="0815")
    after = [r["group_id"] for r in read(folder, tmp_path, pseudonym_key="key")[0]]
    assert after[1] == before != after[0] and "4711" not in before
    (tmp_path / "key").write_text("another secret of some length")
    assert read(folder, tmp_path, pseudonym_key="key")[0][1]["group_id"] != before
    (tmp_path / "key").write_text("short")
    with pytest.raises(DataProblem, match="shorter than 16 bytes"):
        read(folder, tmp_path, pseudonym_key="key")


def test_the_report_says_what_was_seen_and_what_became_of_it(folder: Path, tmp_path: Path) -> None:
    dicom(folder / "a.dcm", ramp(), KVP="120", BurnedInAnnotation="NO")
    data = pydicom.dcmread(dicom(folder / "b.dcm", ramp()))
    data.private_block(0x0009, "Doe's machine", create=True).add_new(1, "LO", "secret remark")
    data.save_as(folder / "b.dcm")
    read(folder, tmp_path)
    path = tmp_path / "run" / "reports" / "deidentification.tsv"
    text = path.read_text()
    assert not any(secret in text for secret in (*SECRETS, "Doe's"))
    rows = {line.split("\t")[2]: line.split("\t") for line in text.splitlines()}
    assert rows["keyword"] == ["corpus", "tag", "keyword", "files", "action", "note"]
    assert rows["PatientName"][1:5] == ["(0010,0010)", "PatientName", "2", "withheld"]
    assert rows["PatientBirthDate"][4] == rows["InstitutionName"][4] == rows["StudyDescription"][4] == "withheld"
    assert rows["PatientAge"][4] == "banded" and rows["PatientID"][4] == "numbered"
    assert rows["KVP"][3:5] == ["1", "copied"] and rows["PixelData"][4] == "rendered"
    assert rows["private"][3:5] == ["1", "withheld"]
    assert rows["BurnedInAnnotation"][3:] == ["1", "obeyed", "files: NO 1, unknown 1"]
    read(folder, tmp_path)
    assert path.read_text() == text, "a second reading writes the same"


def test_a_transfer_syntax_without_a_decoder_names_what_brings_one(folder: Path, tmp_path: Path) -> None:
    for name, syntax in (("ls", JPEGLSLossless), ("video", "1.2.840.10008.1.2.4.102"), ("own", "1.2.3.4.5")):
        data = pydicom.dcmread(dicom(folder / "plain.dcm", ramp()))
        data.file_meta.TransferSyntaxUID = syntax
        data.PixelData = encapsulate([b"\xff\xd8 no pixels"])
        data["PixelData"].is_undefined_length = True
        data.save_as(folder / f"{name}.dcm", implicit_vr=False, little_endian=True)
    (folder / "plain.dcm").unlink()
    dicom(folder / "squeezed.dcm", ramp())
    squeezed = pydicom.dcmread(folder / "squeezed.dcm")
    squeezed.compress(RLELossless)
    squeezed.save_as(folder / "squeezed.dcm")
    rows, aside = read(folder, tmp_path)
    reasons = {q.where: q.reason for q in aside}
    assert len(rows) == 1 and set(reasons) == {"ls.dcm", "own.dcm", "video.dcm"}
    assert "is not supported" in reasons["video.dcm"] and "is not supported" in reasons["own.dcm"]
    if importlib.util.find_spec("pylibjpeg") is None:
        assert "pip install 'met-kg[dicom]'" in reasons["ls.dcm"]
    else:
        assert "cannot be used" in reasons["ls.dcm"]


def test_a_file_without_pixels(folder: Path, tmp_path: Path) -> None:
    data = pydicom.dcmread(dicom(folder / "a.dcm", ramp()))
    del data.PixelData
    data.save_as(folder / "a.dcm")
    rows, aside = read(folder, tmp_path)
    assert rows == [] and "holds no picture" in aside[0].reason
