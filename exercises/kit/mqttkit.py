"""Small helpers for the exercises: environment, input, stop. They hide nothing of MQTT."""

import json
import os
import queue
import signal
import sys
import threading
import warnings

import paho.mqtt.client as mqtt

_lines = queue.Queue()
_stopped = threading.Event()
_callbacks = []
_lock = threading.RLock()
_listening = False

# Windows hears Ctrl-C only between two waits; elsewhere a signal ends the wait.
_TURN = 0.2 if os.name == "nt" else None


def env(name):
    """The value of an environment variable of the exercise."""
    value = os.environ.get(name)
    if value is None:
        sys.exit(f"{name} is not set. Start the program with: npm run check, or: npm run run")
    return value


def make_client(client_id="", clean_session=True):
    """A paho client with the same callbacks on paho-mqtt 1.6 and 2.x:

    on_connect(client, userdata, flags, rc), on_disconnect(client, userdata, rc),
    on_message(client, userdata, message), on_publish(client, userdata, mid),
    on_subscribe(client, userdata, mid, granted_qos)
    """
    if not hasattr(mqtt, "CallbackAPIVersion"):
        return mqtt.Client(client_id=client_id, clean_session=clean_session)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION1, client_id=client_id, clean_session=clean_session
        )


def _stop(*_):
    with _lock:
        if _stopped.is_set():
            return
        _stopped.set()
        callbacks = list(_callbacks)
    _lines.put(None)
    for callback in callbacks:
        callback()


def _read():
    # os.read: a thread that waits in sys.stdin would block the end of the program
    rest = b""
    while True:
        try:
            chunk = os.read(0, 65536)
        except OSError:
            chunk = b""
        if not chunk:
            break
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if line.strip():
                _lines.put(line)
    if rest.strip():
        _lines.put(rest)
    _stop()


def _listen():
    global _listening
    with _lock:
        if _listening:
            return
        _listening = True
    threading.Thread(target=_read, daemon=True).start()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _stop)
        signal.signal(signal.SIGTERM, _stop)


def on_stop(callback):
    """Calls you once when the program shall stop: at the end of its input, or at Ctrl-C."""
    _listen()
    with _lock:
        if not _stopped.is_set():
            _callbacks.append(callback)
            return
    callback()


def wait_for_stop():
    """Waits here until the program shall stop."""
    _listen()
    while not _stopped.wait(_TURN):
        pass


def readings():
    """The input, one JSON value a line, as it comes. Ends when the program shall stop."""
    _listen()
    while True:
        try:
            line = _lines.get(timeout=_TURN)
        except queue.Empty:
            continue
        if line is None:
            return
        yield json.loads(line)
