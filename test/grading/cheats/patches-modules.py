# attack: replaces the client library and the way a program ends
# lesson: 1
# outcome: failed
# says: no connection came
import sys
import types

fake = types.ModuleType("paho.mqtt.client")
fake.Client = lambda *args, **kwargs: fake
fake.connect = fake.loop_forever = fake.publish = lambda *args, **kwargs: 0
sys.modules["paho.mqtt.client"] = fake
sys.exitfunc = lambda: 0
sys.exit(0)
