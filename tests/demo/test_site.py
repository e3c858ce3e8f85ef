# SPDX-License-Identifier: GPL-3.0-or-later
"""What a private Mailman is made of; one that runs is in tests/running."""

from __future__ import annotations

import signal
import smtplib
import socket
import sys

import pytest

from mailman_dlist.demo.configuration import parse_sections
from mailman_dlist.demo.ports import Reservation
from mailman_dlist.demo.sink import Delivery, Outbox, Sink
from mailman_dlist.demo.site import Site, undivided


def test_plugin_settings_are_written_where_the_plugin_is_told_to_look(tmp_path):
    site = Site(tmp_path, dlist_settings={'max_notices': '3'})
    site._write()
    site.close()
    sections = parse_sections(site.cfg.read_text())
    assert sections['plugin.dlist']['configuration'] == str(tmp_path / 'dlist.cfg')
    assert (
        sections['runner.dlist']['class'] == 'mailman_dlist.runners.dlist.DlistRunner'
    )
    written = parse_sections((tmp_path / 'dlist.cfg').read_text())
    assert written == {'dlist': {'max_notices': '3'}}


def test_a_value_of_several_lines_is_read_back_whole(tmp_path):
    words = '[logging.smtp]\nevery: one\n two\n'
    site = Site(tmp_path, plugin=False, extra=words)
    site._write()
    site.close()
    assert parse_sections(site.cfg.read_text())['logging.smtp']['every'] == 'one\ntwo'


def test_a_reserved_port_is_for_whoever_shares_it():
    reservation = Reservation()
    with socket.socket() as stranger, pytest.raises(OSError, match='in use'):
        stranger.bind(('127.0.0.1', reservation.port))
    # As asyncio and gunicorn do, it sets SO_REUSEADDR.
    with socket.create_server(('127.0.0.1', reservation.port)) as server:
        socket.create_connection(server.getsockname()).close()
    reservation.release()


def test_where_ports_cannot_be_held_one_that_is_free_is_named(monkeypatch):
    monkeypatch.setattr(sys, 'platform', 'other')
    reservation = Reservation()
    # A server that does not share ports finds nobody on it.
    with socket.socket() as server:
        server.bind(('127.0.0.1', reservation.port))
        server.listen()


def test_who_is_told_to_end_first_takes_note_of_what_was_started():
    done = []
    before = signal.signal(signal.SIGTERM, lambda *_: done.append('ended'))
    with undivided():
        signal.raise_signal(signal.SIGTERM)
        done.append('started')
    signal.signal(signal.SIGTERM, before)
    assert done == ['started', 'ended']


def test_the_sink_keeps_the_message_as_it_came():
    outbox = Outbox()
    sink = Sink(outbox)
    sink.start()
    with smtplib.SMTP('127.0.0.1', sink.port, local_hostname='localhost') as client:
        client.sendmail('', ['anne@example.com'], b'Subject: hi\r\n\r\n\xe4\r\n')
    sink.stop()
    [delivery] = outbox.deliveries
    assert isinstance(delivery, Delivery)
    assert delivery.sender == ''
    assert delivery.raw == b'Subject: hi\r\n\r\n\xe4\r\n'
