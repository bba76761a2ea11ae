// attack: prints control characters, hidden direction marks and spreadsheet formulas
// lesson: 1
// with: solution
// outcome: passed
console.log(
  '\u001b[2J\u001b]0;owned\u0007\u202egnp.exe\u202c =HYPERLINK("http://192.0.2.1","points")',
);
console.log('</script><script>alert(1)</script><img src=x onerror=alert(1)>');
console.log('\r+cmd|calc!A0\u0000\ufeff');
