// attack: nests so deeply that the compiler dies of it
// lesson: 1
// outcome: failed
// says: compiler did not get through
// repeat: 200000 !
export const x = __REPEAT__0;
