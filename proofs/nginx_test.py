"""The configuration files are complete, and the team's site stores what the proved one does."""

from pathlib import Path

from proofs.nginx import HERE, CacheServer, loopback_site, main_configuration


def test_every_placeholder_is_filled() -> None:
    directory = Path("/cache")
    for text in (loopback_site(directory, 9090), main_configuration(directory, 0)):
        assert not [word for word in text.split() if word.startswith("@") and word.strip(";/").endswith("@")]


def test_the_published_site_stores_as_the_proved_one_does() -> None:
    published, proved = ((HERE / name).read_text(encoding="utf-8") for name in ("team.conf", "loopback.conf"))
    for setting in ("location ~ ^/(?:ac|cas)/[0-9a-f]+$ {", "client_max_body_size 0;", "create_full_put_path on;"):
        assert setting in published
        assert setting in proved


def test_workers_of_root_are_root_as_the_store_is_his() -> None:
    assert "user root;" in main_configuration(Path("/cache"), 0)
    assert "user root;" not in main_configuration(Path("/cache"), 1000)


def test_only_ci_can_write_to_the_published_site() -> None:
    site = (HERE / "team.conf").read_text(encoding="utf-8")
    writing = site[site.index("limit_except GET") :]
    assert "/etc/nginx/bazel-cache/writers" in writing


def test_requests_are_read_from_the_access_log(tmp_path: Path) -> None:
    log = '127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "GET /ac/00 HTTP/1.1" 404 153 "-" "bazel/4.2.3"\n'
    (tmp_path / "access.log").write_text(log)
    assert CacheServer(tmp_path, 9090).requests() == [("GET", 404)]
