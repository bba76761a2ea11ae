import mqtt from 'mqtt';
import { env, readings } from '#kit';

interface Reading {
  device: string;
  temp: number;
  hum: number;
}

// 1  Open one connection for all readings. (This part is done.)
const client = mqtt.connect(env('MQTT_URL'));
const topic = env('TOPIC');

// 2  Count the readings, so that a consumer notices loss and duplicates.
//    TODO 1: keep a number `seq` that is 1 for the first reading.

for await (const { device, temp, hum } of readings<Reading>()) {
  // 3  Turn each reading into one message, as soon as it comes.
  //    TODO 2: make the JSON text {"device":…,"temp":…,"hum":…,"seq":…}
  //    TODO 3: publish it on `topic`
  console.log(`a reading of ${device}: ${temp} °C, ${hum} %, for ${topic}`);
}

// 4  No more readings: leave when everything has left.
//    TODO 4: wait until the last message has left, then end the connection
client.end();
