"""The charts are well-formed, described, and say nothing where there is nothing to say."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jiesu.briefing import drawing
from jiesu.briefing.charts import funnel_chart, paths_chart
from jiesu.briefing.labels import Words
from jiesu.briefing.maps import map_chart
from jiesu.briefing.scene import Scene
from jiesu.core.result import Evaluation, Group

Corner = tuple[float, float]
SVG = "{http://www.w3.org/2000/svg}"


def scene_of(evaluation: Evaluation, lang: str = "zh") -> Scene:
    return Scene.of(evaluation, Words(lang))


def group(evaluation: Evaluation, key: str) -> Group:
    return next(group for group in evaluation.groups if group.key == key)


def test_the_funnel_has_a_mark_for_each_ranked_unit(full: Evaluation) -> None:
    street = group(full, "street")
    figure = funnel_chart(scene_of(full), street)
    assert figure is not None
    root = ET.fromstring(figure.svg)
    within = [unit for unit in street.units if unit.within_chance]
    outside = [unit for unit in street.units if unit.within_chance is False]
    # The legend adds one circle and two triangles.
    assert len(root.findall(f".//{SVG}circle")) == len(within) + 1
    assert len(root.findall(f".//{SVG}polygon")) == len(outside) + 2


def test_every_mark_of_the_funnel_lies_in_the_picture(full: Evaluation) -> None:
    figure = funnel_chart(scene_of(full), group(full, "enterprise"))
    assert figure is not None
    for circle in ET.fromstring(figure.svg).findall(f"./{SVG}circle"):
        assert 0 < float(circle.get("cx", "nan")) < figure.width
        assert 0 < float(circle.get("cy", "nan")) < figure.height


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_chart_is_titled_and_described(full: Evaluation, lang: str) -> None:
    scene = scene_of(full, lang)
    for chart in (funnel_chart, paths_chart, map_chart):
        figure = chart(scene, group(full, "district"))
        assert figure is not None
        root = ET.fromstring(figure.svg)
        assert root.get("role") == "img"
        assert root.findtext(f"{SVG}title") == figure.caption
        assert root.findtext(f"{SVG}desc") == figure.description


def test_the_map_draws_sixteen_districts_and_lists_the_one_without_a_boundary(
    full: Evaluation,
) -> None:
    figure = map_chart(scene_of(full), group(full, "district"))
    assert figure is not None
    root = ET.fromstring(figure.svg)
    assert len(root.findall(f".//{SVG}path")) == 16
    texts = [element.text for element in root.findall(f".//{SVG}text")]
    assert "经开区（无边界）" in texts
    assert "东城区" in texts


def test_no_map_of_units_whose_boundaries_are_not_known(tiny: Evaluation) -> None:
    lone = replace(tiny.groups[0], key="district")
    assert map_chart(scene_of(tiny), lone) is None


def areas(path: Path, group: Group, corners: Callable[[int], list[Corner]]) -> Path:
    """A file of boundaries with a BOM: a polygon for each unit, of corners by its number."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": unit.unit},
            "geometry": {"type": "Polygon", "coordinates": [corners(n)]},
        }
        for n, unit in enumerate(group.units)
    ]
    document = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(document), "utf-8-sig")
    return path


def square(west: float, side: float) -> list[Corner]:
    return [(west, 0), (west, side), (west + side, side), (west + side, 0), (west, 0)]


def test_a_city_s_own_boundaries_make_a_map_of_any_group(full: Evaluation, tmp_path: Path) -> None:
    enterprises = group(full, "enterprise")
    file = areas(tmp_path / "areas.geojson", enterprises, lambda n: square(n, 1))
    scene = scene_of(full)
    assert map_chart(scene, enterprises) is None
    drawn = map_chart(replace(scene, boundaries=file), enterprises)
    assert drawn is not None
    assert drawn.svg.count("<path") == enterprises.n_ranked


def test_an_area_too_small_to_see_is_still_drawn_and_numbered(
    full: Evaluation, tmp_path: Path
) -> None:
    enterprises = group(full, "enterprise")
    file = areas(tmp_path / "a.geojson", enterprises, lambda n: square(n, 1e-6 if n == 1 else 1))
    drawn = map_chart(replace(scene_of(full), boundaries=file), enterprises)
    assert drawn is not None
    paths = ET.fromstring(drawn.svg).findall(f".//{SVG}path")
    assert len(paths) == enterprises.n_ranked
    assert all(path.get("d", "").startswith("M") for path in paths)


@pytest.mark.parametrize("flat", [(1, 0), (0, 1), (0, 0)])
def test_areas_on_one_line_make_no_map(
    full: Evaluation, tmp_path: Path, flat: tuple[int, int]
) -> None:
    enterprises = group(full, "enterprise")

    def corners(n: int) -> list[Corner]:
        return [(x * flat[0], y * flat[1]) for x, y in square(n, 1)]

    file = areas(tmp_path / "flat.geojson", enterprises, corners)
    assert map_chart(replace(scene_of(full), boundaries=file), enterprises) is None


def test_one_period_makes_no_paths_and_few_units_no_funnel(tiny: Evaluation) -> None:
    scene = scene_of(tiny)
    assert paths_chart(scene, tiny.groups[0]) is None
    assert funnel_chart(scene, tiny.groups[0]) is None


def test_paths_break_where_a_unit_was_not_ranked(full: Evaluation) -> None:
    first = group(full, "enterprise").units[0]
    points = list(full.paths["enterprise"][first.unit])
    points[5] = replace(points[5], rank=None, score=None)
    paths = {"enterprise": {**full.paths["enterprise"], first.unit: tuple(points)}}
    broken = paths_chart(scene_of(replace(full, paths=paths)), group(full, "enterprise"))
    whole = paths_chart(scene_of(full), group(full, "enterprise"))
    assert broken is not None
    assert whole is not None

    def n_lines(svg: str) -> int:
        return len(ET.fromstring(svg).findall(f".//{SVG}polyline"))

    assert n_lines(broken.svg) == n_lines(whole.svg) + 1


def test_labels_never_cover_one_another() -> None:
    anchors = [((100.0 + i, 100.0 + i % 3), f"unit {i}") for i in range(40)]
    parts = drawing.place_labels(anchors, (0, 0, 300, 300), [])
    boxes = []
    for part in parts:
        element = ET.fromstring(part)
        x, y = float(element.get("x", "")), float(element.get("y", ""))
        boxes.append((x, y, x + drawing.text_width(element.text or "", 11)))
    assert 1 < len(boxes) < 40
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert a[2] <= b[0] or b[2] <= a[0] or abs(a[1] - b[1]) >= 11


def test_heights_are_spread_out_in_order_and_within_bounds() -> None:
    placed = drawing.spread_out([10, 11, 12, 99, 100], 0, 100, 10)
    assert placed == [10, 20, 30, 90, 100]
    crowded = drawing.spread_out([5.0] * 30, 0, 100, 10)
    assert crowded[0] >= 0
    assert crowded[-1] <= 100.001


def test_ticks_are_round_numbers_inside_the_scale() -> None:
    assert drawing.ticks(61, 100) == [70, 80, 90, 100]
    assert drawing.log_ticks(8, 120) == [10, 20, 50, 100]
