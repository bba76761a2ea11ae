import type { MqttClient } from 'mqtt';

interface Reading {
  id: string;
  temp: number;
}

// TODO 1: the client, its name, its keep-alive, and when it dials again
function connect(): MqttClient {
  throw new Error('not written yet');
}

// TODO 2: one answer for each question, after any number of drops
function answerQuestions(client: MqttClient): void {}

// TODO 3: a subscription on every connection that needs one
function subscribeWhenNeeded(client: MqttClient): void {}

// TODO 4: one timer; no heartbeat is late. Gives back what ends it
function beat(client: MqttClient): () => void {
  return () => undefined;
}

// TODO 5: no reading is lost
function keepReading(client: MqttClient, reading: Reading): void {}

// TODO 6: run until the end of the input, through whatever happens
console.log('not written yet:', connect, answerQuestions, subscribeWhenNeeded, beat, keepReading);
