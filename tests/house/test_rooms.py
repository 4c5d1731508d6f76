"""The plan of the house, `docs/architecture.md`, held against the code: Python and templates alike."""

from __future__ import annotations

import re

import pytest

from tests.house.source import ROOT, arrows, cycle, imports, members, modules, names_in_python, names_in_templates, room

# An app may know those before it, never one after it.
APPS = ("selector", "gallery", "library", "accounts", "curating", "api")

# The rooms of each app, from the ground up: each may use those below it.
ROOMS = {
    "selector": (
        *("arrays", "lru_cache", "imaging", "segmentation", "selection", "rendering"),
        *("people", "signals", "models", "services", "access", "web"),
        *("receivers", "admin", "urls", "apps", "management"),
    ),
    "gallery": (
        *("models", "descriptors", "index", "jobs", "rounds", "search", "collection", "clearing", "evaluation"),
        *("access", "web", "receivers", "admin", "urls", "apps", "management"),
    ),
    "library": (
        *(
            "models",
            "jobs",
            "cards",
            "listed",
            "samples",
            "forms",
            "responses",
            "sample_views",
            "upload_views",
            "photo_views",
            "detail_views",
            "collection_views",
        ),
        *("receivers", "urls", "apps", "management"),
    ),
    "accounts": (
        *("models", "signing_in", "sessions", "exports", "leaving", "jobs", "forms", "web"),
        *("receivers", "admin", "urls", "apps", "management"),
    ),
    "curating": (
        *("reduced_pictures", "models", "metadata", "manifests", "sources", "health", "jobs", "importing"),
        *("changes", "handing_over", "duplicates", "observing", "control", "clearing", "offering"),
        *("keeping", "moving"),
        *("access", "templatetags", "web", "receivers", "admin", "urls", "apps", "management"),
    ),
    "api": (
        *("problem_details", "problems", "answers", "limits", "middleware", "auth", "parsing", "paging"),
        *("idempotency", "label_formats", "segmenting", "masks", "selections", "hits", "searches"),
        *("segment_views", "photo_views", "label_map_views", "selection_views", "search_views", "gallery_views"),
        *("workspace_views", "job_views", "examples", "document", "site", "apps"),
    ),
}
MOST_ARROWS_IN_GALLERY = 40
FEWEST_ROOMS_IN_GALLERY = 14
LONGEST_FILE = 350


def test_no_module_imports_itself_by_a_detour() -> None:
    assert cycle() == []


@pytest.mark.parametrize("app", APPS)
def test_an_app_knows_only_those_below_it(app: str) -> None:
    above = APPS[APPS.index(app) + 1 :]
    against = {
        f"{name} -> {target}"
        for name, imported in imports().items()
        for target in imported
        if name.partition(".")[0] == app and target.partition(".")[0] in above
    }
    assert against == set()


@pytest.mark.parametrize("app", APPS)
def test_every_room_is_in_the_plan(app: str) -> None:
    rooms = {room(name) for name in modules() if name.startswith(f"{app}.")}
    assert rooms == set(ROOMS[app]) & rooms, "a room that the plan does not name"


@pytest.mark.parametrize("app", APPS)
def test_no_arrow_goes_back_up(app: str) -> None:
    order = ROOMS[app]
    against = {
        arrow for (user, used), found in arrows(app).items() if order.index(used) > order.index(user) for arrow in found
    }
    assert against == set()


def test_the_rooms_of_the_gallery_are_loosely_coupled() -> None:
    rooms = {room(name) for name in modules() if name.startswith("gallery.")}
    assert len(rooms) >= FEWEST_ROOMS_IN_GALLERY
    assert len(arrows("gallery")) <= MOST_ARROWS_IN_GALLERY


def test_templates_and_addresses_keep_to_the_order_of_apps() -> None:
    """The templates beside the folders of apps are the site's, which is above all."""
    against = {
        f"{file.relative_to(ROOT)} names {other}"
        for file, app, other in (*names_in_templates(), *names_in_python())
        if app in APPS and other in APPS and APPS.index(other) > APPS.index(app)
    }
    assert against == set()


def test_only_the_site_is_told_by_what_an_app_offers_to_all() -> None:
    """Helpers of the site know no app: those that put the site together do."""
    composing = {"settings", "urls", "apps", "wsgi", "management"}
    against = {
        f"{name} -> {target}"
        for name, imported in imports().items()
        for target in imported
        if name.startswith("superpixel_site.") and room(name) not in composing and target.partition(".")[0] in APPS
    }
    assert against == set()


def test_no_file_is_longer_than_one_can_keep_in_mind() -> None:
    folders = (*APPS, "superpixel_site", "benchmarks", "docs", "static")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*")]
    sources = [file for file in files if file.suffix in (".py", ".js", ".css") and file.parent.name != "migrations"]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in sources}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


# Partials that are no element of their own: items of a list, several elements at once, what fills a slot or a dialog.
NO_ELEMENT = {
    *("_pages.html", "gallery/_hit.html", "gallery/_hits.html", "library/_photo.html", "selector/_selection.html"),
    *("gallery/_checked.html", "gallery/_details.html", "gallery/_empty_drawer.html", "gallery/_search_button.html"),
    *("gallery/_words_drawer.html", "gallery/_words_hits.html", "gallery/_words_form.html"),
    *(
        "curating/_curate_these.html",
        "curating/_offer_button.html",
        "curating/_offer_link.html",
        "curating/_offer_state.html",
    ),
    *("curating/_progress.html", "library/_detail_button.html", "selector/_where.html"),
    *("gallery/_deleted_search.html", "gallery/_past_search.html", "gallery/_drawer_edge.html"),
    *("gallery/_about_button.html", "gallery/_like_button.html", "gallery/_library_bar.html"),
    *("gallery/_shelf_images.html", "library/_photos_to_add.html"),
    *("library/_fill_own_collection.html", "library/_rotate_button.html", "library/_take_out.html"),
}


def test_a_partial_renders_the_element_it_is_named_after() -> None:
    """`_name.html` renders the element with `id="name"`, so that htmx can swap it by that id."""
    without = {
        str(file.relative_to(ROOT / "templates"))
        for file in (ROOT / "templates").rglob("_*.html")
        if not re.search(rf'id="{file.stem[1:].replace("_", "[-_]")}"', file.read_text(encoding="utf-8"))
    }
    assert without == NO_ELEMENT


def test_the_page_on_architecture_names_what_is_there() -> None:
    """Modules by their dotted names, functions and classes by those of their modules."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(rf"`((?:{'|'.join(APPS)})\.[\w.]+)`", page))
    assert len(named) > 30
    assert {name for name in named if not is_there(name)} == set()


def is_there(name: str) -> bool:
    if name in modules():
        return True
    module, _, member = name.rpartition(".")
    return module in modules() and member in members(module)


@pytest.mark.parametrize("app", APPS)
def test_the_page_on_architecture_names_every_room(app: str) -> None:
    """In its tables: folders end in a slash there."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page[page.index(f"| {app} | holds |") :].split("\n\n")[0]
    rooms = {room(name) for name in modules() if name.startswith(f"{app}.")} - {"management"}
    assert {name for name in rooms if f"`{name}`" not in table and f"`{name}/`" not in table} == set()


def test_the_lock_of_the_script_checks_names_no_host() -> None:
    """Each machine asks the registry that it is set up for."""
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert "://" not in lock
