from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from met_kg.corpus.read import read_corpus
from met_kg.corpus.readers import Row
from met_kg.corpus.spec import CorpusSpec
from met_kg.errors import MissingData
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


def read(folder: Path, tmp_path: Path) -> tuple[list[Row], list[Quarantined]]:
    spec = CorpusSpec(name="scans", reader="dicom", path=str(folder), licence="CC0-1.0")
    found = list(read_corpus(spec, images_dir=tmp_path / "run" / "images", base=tmp_path, seed=1))
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
