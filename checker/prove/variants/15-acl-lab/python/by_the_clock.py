# One thread, three connections, silence waited out with a clock.
import json
import os
import sys
import time

from mqttkit import env, make_client

heard = set()
welcome = set()
ready = set()
lost = set()


def open_line(user):
    client = make_client(f"acl-{user}")
    client.username_pw_set(user, os.environ[f"{user.upper()}_PASSWORD"])

    def on_connect(client, userdata, flags, rc):
        if rc == 0:
            welcome.add(user)
            client.subscribe("home/sensors/#")
        else:
            lost.add(user)

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: ready.add(user)
    client.on_disconnect = lambda *_: lost.add(user)
    client.on_message = lambda c, u, message: heard.add((message.payload.decode(), user))
    client.connect(env("MQTT_HOST"), int(env("MQTT_PORT")))
    return client


lines = {}


def turn(seconds, until=lambda: False):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        for user, client in lines.items():
            if user not in lost:
                client.loop(timeout=0.01)
    return until()


def says(user, word):
    if user not in lost:
        lines[user].publish("home/sensors/acl/a/b", word)
    turn(0.8)
    return {reader for (got, reader) in heard if got == word}


def main():
    try:
        for user in ("tester", "sensor", "dashboard"):
            lines[user] = open_line(user)
    except OSError as error:
        sys.exit(f"no broker: {error}")
    if not turn(5, lambda: len(ready | lost) == 3) or len(welcome) < 3:
        return 4
    by_tester = says("tester", "one")
    if "tester" not in by_tester:
        return 4
    result = {
        "sensorCanPublish": "tester" in says("sensor", "two"),
        "sensorCannotReceive": "sensor" not in by_tester,
        "dashboardCanReceive": "dashboard" in by_tester,
        "dashboardCannotPublish": "tester" not in says("dashboard", "three"),
    }
    with open(env("RESULT_FILE"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2)
    for user, client in lines.items():
        if user not in lost:
            client.disconnect()
    return 0 if all(result.values()) else 1


try:
    sys.exit(main())
except SystemExit as end:
    raise SystemExit(4 if isinstance(end.code, str) else end.code) from None
