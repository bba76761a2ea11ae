// attack: keeps a processor busy and never ends
// lesson: 1
// outcome: failed
// says: no connection came
for (;;);
