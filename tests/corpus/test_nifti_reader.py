from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from pydantic import ValidationError
from reading import pixels, read

from met_kg.errors import DataProblem, MissingData, UnknownName

SECRET = "Doe^Jane 4711"


def ramp(shape: tuple[int, int, int] = (20, 24, 16)) -> np.ndarray:
    """Brighter to the right (100 a voxel), to the front (10) and to the head (1)."""
    x, y, z = np.meshgrid(*map(np.arange, shape), indexing="ij")
    return (100 * x + 10 * y + z).astype(np.int16)


def save(path: Path, values: np.ndarray, axes: str = "RAS", spacing: tuple[float, ...] = (1, 1, 1)) -> Path:
    """The volume stored in another orientation; the affine says which."""
    turn = nib.orientations.ornt_transform(nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(axes))
    affine = np.diag([*spacing, 1.0]) @ nib.orientations.inv_ornt_aff(turn, values.shape[:3])
    image = nib.Nifti1Image(nib.orientations.apply_orientation(values, turn), affine)
    image.header["descrip"] = SECRET.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(image, path)
    return path


ALL = {"planes": ["axial", "coronal", "sagittal"], "window": [0, 2300]}


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR", "SLA"])
def test_slices_are_shown_the_way_radiologists_look_at_them(tmp_path: Path, axes: str) -> None:
    save(tmp_path / "in" / "a.nii.gz", ramp(), axes)
    rows, aside = read("nifti", "in", tmp_path, options=ALL)
    assert aside == {} and [r["view"] for r in rows] == ["axial", "coronal", "sagittal"]
    axial, coronal, sagittal = (pixels(r, tmp_path) for r in rows)
    assert axial.shape == (24, 20) and coronal.shape == (16, 20) and sagittal.shape == (16, 24)
    # The patient's right is at the left edge, the front at the upper (axial) or left (sagittal), the head up.
    assert axial[0, 0] > axial[0, -1] and axial[0, 0] > axial[-1, 0]
    assert coronal[0, 0] > coronal[0, -1] and sagittal[0, 0] > sagittal[0, -1]
    wanted = 100 * 19 + 10 * 23 + 8
    assert abs(axial[0, 0] - wanted * 255 / 2300) <= 1
    assert sagittal[0, 3] >= sagittal[-1, 3]
    assert len({r["group_id"] for r in rows}) == 1 and len({r["sample_id"] for r in rows}) == 3


def test_chosen_slices_windows_and_volumes(tmp_path: Path) -> None:
    four = np.stack([ramp() + 1000 * i for i in range(3)], axis=-1)
    save(tmp_path / "in" / "a.nii", four)
    rows, _ = read("nifti", "in", tmp_path, options={"slices": [0, 0.5, 1], "window": [0, 3000]})
    assert [json.loads(r["meta"])["slice"] for r in rows] == [1, 9, 16]
    assert json.loads(rows[0]["meta"])["volumes"] == 3
    rows, _ = read("nifti", "in", tmp_path, options={"every": 5, "window": [0, 5000], "volume": 2})
    assert [json.loads(r["meta"])["slice"] for r in rows] == [1, 6, 11, 16]
    assert pixels(rows[0], tmp_path).min() == round(2000 * 255 / 5000)
    rows, _ = read("nifti", "in", tmp_path, options={"percentiles": [0, 100]})
    shown = pixels(rows[0], tmp_path)
    assert shown.max() >= 254 and shown.min() <= 2
    _, aside = read("nifti", "in", tmp_path, options={"volume": 3})
    assert aside == {"a.nii": "the file has 3 volumes, number 3 is not there"}
    for wrong in ({"window": [5, 5]}, {"slices": [1.5]}, {"planes": []}, {"planes": ["oblique"]}):
        with pytest.raises(ValidationError):
            read("nifti", "in", tmp_path, options=wrong)


def test_pixels_are_square(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.nii.gz", ramp(), spacing=(1, 1, 5))
    rows, _ = read("nifti", "in", tmp_path, options=ALL)
    assert [(r["width"], r["height"]) for r in rows] == [(20, 24), (20, 80), (24, 80)]


def test_captions_come_from_a_table_or_are_technical(tmp_path: Path) -> None:
    for name in ("sub-01/anat/sub-01_T1w.nii.gz", "sub-01/anat/sub-01_T2w.nii.gz", "sub-02/anat/sub-02_T1w.nii.gz"):
        save(tmp_path / "in" / name, ramp())
    rows, _ = read("nifti", "in", tmp_path, constants={"modality": "MR", "body_part": "head"})
    assert {r["caption"] for r in rows} == {"Magnetic resonance imaging (MRI) of the head, axial plane."}
    assert [r["group_id"] for r in rows] == ["mine/sub-01", "mine/sub-01", "mine/sub-02"]
    assert SECRET not in json.dumps(rows)
    lines = [
        {"file": "sub-01/anat/sub-01_T1w.nii.gz", "text": "Glioma.", "who": "a", "sex": "F"},
        {"file": "../out.nii", "text": "x"},
        {"file": "none.nii", "text": "x"},
        {"file": "in.png", "text": "x"},
    ]
    (tmp_path / "in" / "t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    columns = {"image": "file", "caption": "text", "group_id": "who", "sex": "sex"}
    rows, aside = read("nifti", "in/t.jsonl", tmp_path, columns=columns, options={"planes": ["axial", "coronal"]})
    assert [(r["caption"], r["view"], r["group_id"], r["sex"]) for r in rows] == [
        ("Glioma.", "axial", "mine/a", "F"),
        ("Glioma.", "coronal", "mine/a", "F"),
    ]
    assert list(aside.values()) == [
        "image '../out.nii' lies outside the table's folder",
        "image 'none.nii' is not there",
        "the row names no .nii or .nii.gz file ('in.png')",
    ]
    with pytest.raises(UnknownName):
        read("nifti", "in/t.jsonl", tmp_path, columns={"image": "file", "caption": "txt"})
    with pytest.raises(DataProblem, match="maps no image"):
        read("nifti", "in/t.jsonl", tmp_path, columns={"caption": "text"})
    with pytest.raises(MissingData):
        read("nifti", "none", tmp_path)


def test_damaged_and_too_large_files_are_set_aside(tmp_path: Path) -> None:
    good = save(tmp_path / "in" / "good.nii.gz", ramp())
    plain = save(tmp_path / "in" / "plain.nii", ramp()).read_bytes()
    (tmp_path / "in" / "cut.nii").write_bytes(plain[:3000])
    (tmp_path / "in" / "cut.nii.gz").write_bytes(good.read_bytes()[:600])
    (tmp_path / "in" / "text.nii").write_text("no volume " * 100)
    header = nib.Nifti1Header()
    header.set_data_shape((30_000, 30_000, 30_000))
    (tmp_path / "in" / "bomb.nii.gz").write_bytes(gzip.compress(header.binaryblock + bytes(1000)))
    header.set_data_shape((30, 30))
    (tmp_path / "in" / "flat.nii").write_bytes(header.binaryblock + bytes(10_000))
    colour = np.zeros((4, 4, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(colour, np.eye(4)), tmp_path / "in" / "colour.nii")
    rows, aside = read("nifti", "in", tmp_path)
    assert len(rows) == 2
    assert "cannot be used" in aside["cut.nii"] and "cannot be used" in aside["cut.nii.gz"]
    assert "cannot be used" in aside["text.nii"]
    assert "30000 x 30000 x 30000 voxels" in aside["bomb.nii.gz"]
    assert "holds no volume" in aside["flat.nii"] and "no single intensities" in aside["colour.nii"]
