/* Lesson 1 in C for Windows, without any library but the system's own: a right program. Words:
   --say WORD…   prints the words, one a line, before it begins
   --leave       starts a process that goes on without it
   --sleep       is that process
   Called as py.exe it stands for Python, as far as being found and started goes: `-c` asks what it
   is, and any other words are a program. */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static volatile LONG stopped = 0;

static DWORD WINAPI read_input(void *unused) {
  char buffer[512];
  DWORD size = 0;
  (void)unused;
  while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), buffer, sizeof buffer, &size, NULL) && size > 0) continue;
  InterlockedExchange(&stopped, 1);
  return 0;
}

static void leave_a_process(void) {
  char self[MAX_PATH], line[MAX_PATH * 2];
  STARTUPINFOA start;
  PROCESS_INFORMATION process;
  memset(&start, 0, sizeof start);
  start.cb = sizeof start;
  GetModuleFileNameA(NULL, self, sizeof self);
  snprintf(line, sizeof line, "\"%s\" --sleep", self);
  if (CreateProcessA(NULL, line, NULL, NULL, FALSE, DETACHED_PROCESS, NULL, NULL, &start, &process)) {
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
  }
}

static SOCKET dial(void) {
  struct addrinfo wish, *found;
  WSADATA data;
  memset(&wish, 0, sizeof wish);
  wish.ai_socktype = SOCK_STREAM;
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0) return INVALID_SOCKET;
  if (getaddrinfo(getenv("MQTT_HOST"), getenv("MQTT_PORT"), &wish, &found) != 0) return INVALID_SOCKET;
  SOCKET line = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
  return connect(line, found->ai_addr, (int)found->ai_addrlen) == 0 ? line : INVALID_SOCKET;
}

static void send_connect(SOCKET line, const char *id, int keepalive) {
  unsigned char packet[128];
  int size = (int)strlen(id), at = 0;
  const unsigned char head[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 2};
  packet[at++] = 0x10;
  packet[at++] = (unsigned char)(sizeof head + 2 + 2 + size);
  memcpy(packet + at, head, sizeof head);
  at += sizeof head;
  packet[at++] = (unsigned char)(keepalive >> 8);
  packet[at++] = (unsigned char)keepalive;
  packet[at++] = (unsigned char)(size >> 8);
  packet[at++] = (unsigned char)size;
  memcpy(packet + at, id, size);
  send(line, (char *)packet, at + size, 0);
}

/* The words as UTF-8: those of `main` are in the machine's code page. */
static char **utf8_words(int *count) {
  wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), count);
  char **words = calloc(*count + 1, sizeof *words);
  for (int at = 0; at < *count; at++) {
    words[at] = calloc(1, 4096);
    WideCharToMultiByte(CP_UTF8, 0, wide[at], -1, words[at], 4096, NULL, NULL);
  }
  return words;
}

int main(void) {
  int count = 0;
  char **words = utf8_words(&count);
  setvbuf(stdout, NULL, _IONBF, 0);
  if (count > 2 && strcmp(words[count - 2], "-c") == 0) {
    printf("3.12.1 2.1.0\n");
    return 0;
  }
  for (int at = 1; at < count; at++) {
    if (strcmp(words[at], "-3") == 0) {
      printf("python %s, output %s, kit %s\n", words[count - 1], getenv("PYTHONIOENCODING"), getenv("PYTHONPATH"));
    }
    if (strcmp(words[at], "--sleep") == 0) {
      Sleep(600 * 1000);
      return 0;
    }
    if (strcmp(words[at], "--leave") == 0) leave_a_process();
    if (strcmp(words[at], "--say") == 0) {
      while (++at < count) printf("word: %s\n", words[at]);
    }
  }
  const char *id = getenv("MQTT_CLIENT_ID");
  const int keepalive = atoi(getenv("MQTT_KEEPALIVE"));
  SOCKET line = dial();
  if (line == INVALID_SOCKET) {
    fprintf(stderr, "nobody answers\n");
    return 1;
  }
  CreateThread(NULL, 0, read_input, NULL, 0, NULL);
  send_connect(line, id, keepalive);
  int welcome = 0;
  DWORD spoke = GetTickCount();
  while (!stopped) {
    struct timeval patience = {0, 20 * 1000};
    fd_set ready;
    FD_ZERO(&ready);
    FD_SET(line, &ready);
    if (select(0, &ready, NULL, NULL, &patience) > 0) {
      unsigned char bytes[64];
      const int size = recv(line, (char *)bytes, sizeof bytes, 0);
      if (size <= 0) return 1;
      if (bytes[0] == 0x20) {
        if (bytes[3] != 0) {
          fprintf(stderr, "refused with code %d\n", bytes[3]);
          return 1;
        }
        welcome = 1;
        printf("connected\n");
      }
    }
    if (welcome && GetTickCount() - spoke > (DWORD)keepalive * 500) {
      send(line, "\xC0\0", 2, 0);
      spoke = GetTickCount();
    }
  }
  if (welcome) send(line, "\xE0\0", 2, 0);
  shutdown(line, SD_SEND);
  closesocket(line);
  return 0;
}
