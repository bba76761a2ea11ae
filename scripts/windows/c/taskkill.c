/* taskkill /pid N /t /f, as far as the course uses it: Wine 8's own does not know /t. Like that of
   Windows it finds nothing below a process that is gone. */
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <tlhelp32.h>

static int end_tree(DWORD pid) {
  HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, pid);
  if (!process) return 128;
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32 one;
  one.dwSize = sizeof one;
  if (all != INVALID_HANDLE_VALUE) {
    for (BOOL more = Process32First(all, &one); more; more = Process32Next(all, &one))
      if (one.th32ParentProcessID == pid && one.th32ProcessID != pid) end_tree(one.th32ProcessID);
    CloseHandle(all);
  }
  TerminateProcess(process, 1);
  CloseHandle(process);
  return 0;
}

int main(int count, char **words) {
  for (int at = 1; at + 1 < count; at++)
    if (_stricmp(words[at], "/pid") == 0) return end_tree((DWORD)atoi(words[at + 1]));
  return 1;
}
