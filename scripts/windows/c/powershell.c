/* Answers the one question that the course asks PowerShell, which Wine does not have: all processes,
   a line each, as `pid parent time`, the time in units of 100 ns since 1601. */
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <tlhelp32.h>

int main(int count, char **words) {
  if (count < 2 || !strstr(words[count - 1], "Win32_Process")) return 1;
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32 one;
  one.dwSize = sizeof one;
  for (BOOL more = Process32First(all, &one); more; more = Process32Next(all, &one)) {
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, one.th32ProcessID);
    FILETIME created, exited, kernel, user;
    if (!process) continue;
    if (GetProcessTimes(process, &created, &exited, &kernel, &user)) {
      ULARGE_INTEGER time = {.LowPart = created.dwLowDateTime, .HighPart = created.dwHighDateTime};
      printf("%lu %lu %llu\n", one.th32ProcessID, one.th32ParentProcessID, time.QuadPart);
    }
    CloseHandle(process);
  }
  return 0;
}
