# TODO 1: the client, its name, its keep-alive, and when it dials again
def connect():
    raise NotImplementedError


# TODO 2: a subscription on every connection that needs one
def on_connect(client, userdata, flags, rc):
    pass


# TODO 3: one answer for each question, after any number of drops
def on_message(client, userdata, message):
    pass


# TODO 4: one timer; no heartbeat is late
def heartbeats(client):
    pass


# TODO 5: no reading is lost
def keep_reading(client, reading):
    pass


# TODO 6: run until the end of the input, through whatever happens
print("not written yet:", connect, on_connect, on_message, heartbeats, keep_reading)
