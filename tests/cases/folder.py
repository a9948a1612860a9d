"""A small city folder for the desk: what tests of loading, dumping and the directory start from."""

from pathlib import Path

CITY = """
name = { zh = "小城", en = "Small City" }
time_zone = "Asia/Shanghai"
calendar = "china"
[inputs]
cases = ["cases"]
profile = "jiesu"
units = "units.csv"
policy = "beijing"
"""
UNITS = """code,name,kind,parent,population,valid_from,valid_to
S1,甲一街道,street,A,70000,,
A,甲区,district,,70000,,
S2,甲二镇,street,A,,2021-01-01,
D01,住建部门,department,,,,
E01,供热企业,enterprise,,,,
"""
PLACES = """code,name,kind,parent,unit
A,甲区,district,,A
S1,甲一街道,street,A,S1
S2,甲二镇,street,A,
S1001,多福巷社区,community,S1,
"""
CATEGORIES = """category_1,category_2,category_3,labels
供暖,室温,室温不达标,宜居性
住房,物业管理,停车收费,宜居性;便利性
住房,物业管理,电梯故障,
"""
DIRECTORY = """category_1,category_2,category_3,place,kind,unit,assist_units,via,limit,note
住房,,,,,(street),D01,direct,7d,
住房,物业管理,电梯故障,S2,complaint,(district),,district,24h,老旧小区
供暖,,,,,E01,,,2h,
"""


def small_folder(folder: Path) -> Path:
    """Write the folder, without cases: the desk takes none from it."""
    (folder / "directory").mkdir(parents=True)
    files = {
        "city.toml": CITY,
        "units.csv": UNITS,
        "places.csv": PLACES,
        "categories.csv": CATEGORIES,
        "directory/2021-12-19.csv": DIRECTORY,
    }
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def replace_in(path: Path, old: str, new: str) -> None:
    """Change a file's text where it certainly has `old`."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
