import json
import uuid

from mqttkit import env, make_client


# 1  A connection of its own for each test: a broker that hangs up spoils nothing else.
#    TODO 6: connect as this user, with the password in SENSOR_PASSWORD, DASHBOARD_PASSWORD or
#            TESTER_PASSWORD (client.username_pw_set); give every wait a deadline
def login(user):
    client = make_client()
    return client


# 2  Does what one user publishes reach the other? Only a delivery counts.
#    TODO 7: subscribe, publish on a topic below home/sensors, and wait until it must have come.
#            A refused filter and a closed connection are answers, too
def reaches(sender_name, reader_name):
    topic = f"home/sensors/probe/{uuid.uuid4()}"
    print(f"does {topic} get from {sender_name} to {reader_name}?", login)
    return False


# 3  TODO 8: the positive control. When it fails: exit code 4, and no result
# 4  The four claims.
result = {
    "sensorCanPublish": reaches("sensor", "tester"),
    # TODO 9: sensorCannotReceive, dashboardCanReceive, dashboardCannotPublish
}
with open(env("RESULT_FILE"), "w", encoding="utf-8") as file:
    json.dump(result, file)
# TODO 10: exit code 0 when all four hold, 1 when one does not
