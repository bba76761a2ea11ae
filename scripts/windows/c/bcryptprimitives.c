/* A library of Windows 10 that Wine 8 lacks: programs built with a newer Go (esbuild) ask it for random bytes. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(unsigned char *bytes, size_t size) {
  return RtlGenRandom(bytes, (ULONG)size);
}
