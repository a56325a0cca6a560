"""Addresses of Redis as people write them, and as Celery reads them."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from celery import Celery
from kombu.utils.url import url_to_parts

from smtui.jobs.app import WorkLimits, celery_app, kombu_address, redis_address, tls_options


def read_by_celery(url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What Celery's broker and its results take an address for."""
    app: Celery = celery_app(url, url, WorkLimits())
    line = app.connection_for_write()
    place = line.hostname
    broker: dict[str, Any] = {"host": place, "port": line.port or 6379} | (line.ssl or {})
    broker |= {"username": line.userid, "password": line.password}
    database = str(line.virtual_host)
    if "://" in place:
        parts = url_to_parts(place)
        broker |= {"path": f"/{parts.path}", "password": parts.password}
        database = parts.query["virtual_host"]
    return broker | {"db": int(database.strip("/") or 0)}, app.backend.connparams


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://studio", {"host": "studio", "port": 6379, "db": 0}),
        ("valkey://studio:7000/4", {"host": "studio", "port": 7000, "db": 4}),
        ("redis://studio/1?db=2", {"host": "studio", "db": 2}),
        ("redis://:p%40ss%2Fw%3A%25@studio/1", {"password": "p@ss/w:%", "db": 1}),
        ("redis://anna:geheim@studio/1", {"username": "anna", "password": "geheim"}),
        ("redis://[::1]:7000/1", {"host": "::1", "port": 7000, "db": 1}),
        ("unix:///run/valkey%20x.sock?db=3", {"path": "/run/valkey x.sock", "db": 3}),
        ("unix://:geheim@/run/v.sock?db=3", {"path": "/run/v.sock", "password": "geheim"}),
        ("redis://studio/1?protocol=3&health_check_interval=9", {"host": "studio", "db": 1}),
    ],
)
def test_broker_and_results_read_the_same(url: str, expected: dict[str, Any]) -> None:
    for read in read_by_celery(url):
        assert {name: read.get(name) for name in expected} == expected


def test_certificates_are_checked_unless_the_address_says_otherwise() -> None:
    for read in read_by_celery("rediss://studio/1"):
        assert read["ssl_cert_reqs"] == ssl.CERT_REQUIRED
        assert read["ssl_check_hostname"] is True
    for read in read_by_celery("valkeys://studio?ssl_cert_reqs=none"):
        assert read["ssl_cert_reqs"] == ssl.CERT_NONE
        assert read["ssl_check_hostname"] is False
    for read in read_by_celery("rediss://studio?ssl_ca_certs=%2Fetc%2Fca.pem"):
        assert read["ssl_ca_certs"] == "/etc/ca.pem"


def test_without_tls_there_are_no_options() -> None:
    assert tls_options("redis://studio/1") is None
    assert tls_options("unix:///run/v.sock") is None


def test_no_option_is_left_in_the_address_that_celery_shows() -> None:
    assert kombu_address("rediss://:x@studio/1?ssl_password=geheim") == "rediss://:x@studio/1"
    assert redis_address("valkeys://studio/1") == "rediss://studio/1"
