/** What the host offers to an attempt to reach. */
export interface Host {
  /** A process of the host's that must not be seen. */
  readonly pid: number;
  /** The number of a port on which something listens on the host's loopback. */
  readonly port: number;
  /** The name of an abstract Unix socket on which something listens. */
  readonly abstract: string;
  /** The terminal of another session. */
  readonly terminal: string;
  /** A folder of the host's that the sandbox was not shown, and a file in it. */
  readonly folder: string;
  /** The chosen folder. */
  readonly shown: string;
  /** A System V shared memory segment of the host's. */
  readonly segment: number;
}

/** One way that a program might try to get out. */
export interface Attempt {
  readonly name: string;
  /** Run by `/bin/sh -c` inside. What it prints says what stopped it. */
  script(host: Host): string;
  /** What stopped it. */
  readonly stoppedBy: RegExp;
  /** What must never be printed. */
  readonly never?: RegExp;
}

/** Perl that makes a system call and names the error. */
function call(number: Readonly<Partial<Record<NodeJS.Architecture, number>>>, ...args: string[]): string {
  const own = number[process.arch] ?? -1;
  // In an array, because Perl passes constants to no system call.
  return perl(`@a = (${args.join(', ')}); $r = syscall(${own}, @a); print $r == -1 ? "error: $!\\n" : "done: $r\\n"`);
}

function perl(script: string): string {
  return `perl -e '${script}' 2>&1`;
}

const EPERM = /^error: Operation not permitted$/m;
const ENOSYS = /^error: Function not implemented$/m;
const NOT_THERE = /No such file or directory/;
const READ_ONLY = /Read-only file system/;
const SYSTEM_CALLS = {
  ptrace: { x64: 101, arm64: 117 },
  mount: { x64: 165, arm64: 40 },
  unshare: { x64: 272, arm64: 97 },
  clone: { x64: 56, arm64: 220 },
  clone3: { x64: 435, arm64: 435 },
  setns: { x64: 308, arm64: 268 },
  chroot: { x64: 161, arm64: 51 },
  keyctl: { x64: 250, arm64: 219 },
  addKey: { x64: 248, arm64: 217 },
  bpf: { x64: 321, arm64: 280 },
  perf: { x64: 298, arm64: 241 },
  userfaultfd: { x64: 323, arm64: 282 },
  ioUring: { x64: 425, arm64: 425 },
  byHandle: { x64: 304, arm64: 265 },
  syslog: { x64: 103, arm64: 116 },
  ioctl: { x64: 16, arm64: 29 },
  fsopen: { x64: 430, arm64: 430 },
  socket: { x64: 41, arm64: 198 },
  personality: { x64: 135, arm64: 92 },
} as const;

/** What is tried, in groups of what it goes for. */
export const ATTEMPTS: readonly Attempt[] = [
  // Files.
  { name: 'reading the passwords', script: () => 'cat /etc/shadow', stoppedBy: NOT_THERE },
  { name: 'reading root’s home', script: () => 'ls /root', stoppedBy: NOT_THERE },
  { name: 'reading the machine’s id', script: () => 'cat /etc/machine-id', stoppedBy: NOT_THERE },
  { name: 'reading the host’s other files', script: ({ folder }) => `cat ${folder}/secret`, stoppedBy: NOT_THERE },
  {
    name: 'reading another user’s files through the first process',
    script: ({ folder }) => `cat /proc/1/root${folder}/secret; cat /proc/1/cwd/../${folder}/secret`,
    stoppedBy: /No such file|Permission denied/,
    never: /hidden/,
  },
  {
    name: 'following a link out of the chosen folder',
    script: ({ shown, folder }) =>
      `ln -s ${folder}/secret ${shown}/way; cat ${shown}/way; cat ${shown}/../secret; rm ${shown}/way`,
    stoppedBy: NOT_THERE,
    never: /hidden/,
  },
  { name: 'writing to /usr', script: () => 'echo x >/usr/bin/planted', stoppedBy: /Read-only|Permission denied/ },
  { name: 'writing to /etc', script: () => 'echo x >/etc/planted', stoppedBy: READ_ONLY },
  { name: 'writing beside everything', script: () => 'echo x >/planted', stoppedBy: READ_ONLY },
  { name: 'writing to /dev', script: () => 'echo x >/dev/planted', stoppedBy: READ_ONLY },
  {
    name: 'replacing a library',
    script: () => 'rm -f /usr/lib/os-release; ls /usr/lib/os-release',
    stoppedBy: /^\/usr\/lib\/os-release$/m,
  },
  {
    name: 'changing a setting of the kernel',
    // Its own value, so that nothing would change.
    script: () => 'f=/proc/sys/kernel/core_pattern; v=$(cat $f); echo "$v" >$f',
    stoppedBy: /Read-only file system|Permission denied/,
  },
  {
    name: 'reading the kernel’s memory',
    script: () => 'head -c 1 /proc/kcore /proc/kmsg /dev/mem',
    stoppedBy: /Permission denied|No such file|not permitted/,
  },
  {
    name: 'reading the disk',
    script: () => 'ls /dev; mknod ~/disk b 254 0',
    stoppedBy: /mknod.*Operation not permitted/,
    never: /vda|sda|nvme/,
  },
  {
    name: 'filling /tmp',
    script: () => 'dd if=/dev/zero of=/tmp/big bs=1M count=900',
    stoppedBy: /No space left on device/,
  },
  {
    name: 'filling the sandbox’s own file system',
    script: () => 'dd if=/dev/zero of=/dev/shm/big bs=1M count=900',
    stoppedBy: /No space left on device/,
  },

  // Processes.
  { name: 'seeing other processes', script: () => 'ls -d /proc/[0-9]* | wc -l', stoppedBy: /^[2-6]$/m },
  { name: 'ending a process of the host', script: ({ pid }) => `kill -0 ${pid}`, stoppedBy: /No such process/ },
  {
    name: 'tracing a process of the host',
    script: ({ pid }) => call(SYSTEM_CALLS.ptrace, '16', String(pid), '0', '0'),
    stoppedBy: /^error: No such process$/m,
  },
  {
    name: 'ending the first process',
    script: () => 'kill -KILL 1; echo "exit $?"; ls -d /proc/1',
    stoppedBy: /^\/proc\/1$/m,
  },
  {
    name: 'reading the app’s variables from the first process',
    script: () => 'tr "\\0" "\\n" </proc/1/environ | sed "s/=.*//" | sort | tr "\\n" " "',
    stoppedBy: /^PATH PWD SANDGLASS_SESSION_ID |Permission denied/,
    never: /HOST_SECRET/,
  },
  {
    name: 'finding open files of the app',
    script: () => 'for fd in /proc/self/fd/* /proc/1/fd/*; do readlink $fd; done >~/list; cat ~/list',
    stoppedBy: /\/dev\/pts\//,
    never: /socket:|pipe:|ptmx|\.ts|\.js|sqlite/,
  },

  // The network and other ways to talk.
  {
    name: 'reaching the host’s loopback',
    script: ({ port }) =>
      perl(
        `use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:${port}", Timeout => 5); print $s ? "reached" : "error: $@"`,
      ),
    stoppedBy: /refused|unreachable/i,
    never: /reached/,
  },
  {
    name: 'reaching the outside',
    script: () =>
      perl(
        'use IO::Socket::INET; my $s = IO::Socket::INET->new(PeerAddr => "192.0.2.1:80", Timeout => 5); print $s ? "reached" : "error: $@"',
      ),
    stoppedBy: /unreachable/i,
    never: /reached/,
  },
  {
    name: 'reaching an abstract socket',
    script: ({ abstract }) =>
      perl(
        `use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); print connect($s, pack_sockaddr_un("\\0${abstract}")) ? "reached" : "error: $!"`,
      ),
    stoppedBy: /refused/i,
    never: /reached/,
  },
  {
    name: 'reaching the machine around this one',
    script: () => call(SYSTEM_CALLS.socket, '40', '1', '0'),
    stoppedBy: /Address family not supported/,
  },
  {
    name: 'reaching the engines’ sockets',
    script: () => 'ls /run/docker.sock /var/run/docker.sock /run/containerd',
    stoppedBy: NOT_THERE,
  },
  {
    name: 'sharing memory with the host',
    script: ({ segment }) => perl(`print defined(shmctl(${segment}, 2, my $b)) ? "reached" : "error: $!"`),
    stoppedBy: /^error: Invalid argument/,
    never: /reached/,
  },

  // Terminals.
  {
    name: 'opening another session’s terminal',
    script: ({ terminal }) => `ls /dev/pts; echo x >${terminal}`,
    stoppedBy: /cannot create|No such file|Read-only|Permission denied/,
    never: /^\d+$/m,
  },
  {
    name: 'typing into the terminal',
    script: () => perl('my $c = "x"; print defined(ioctl(STDIN, 0x5412, $c)) ? "typed" : "error: $!\\n"'),
    stoppedBy: EPERM,
    never: /typed/,
  },
  {
    name: 'typing with the upper half of the request set',
    script: () => call(SYSTEM_CALLS.ioctl, '0', '0x100005412', '"x"'),
    stoppedBy: EPERM,
  },
  { name: 'pasting on a console', script: () => call(SYSTEM_CALLS.ioctl, '0', '0x541C', '"\\x03"'), stoppedBy: EPERM },

  // More rights.
  {
    name: 'becoming root with su',
    script: () => 'echo | su root -c id; id -u',
    stoppedBy: /^(1000|65534)$/m,
    never: /uid=0/,
  },
  {
    name: 'running a setuid program',
    script: () => 'find /usr/bin -perm -4000 -exec ls {} + >/dev/null; grep NoNewPrivs /proc/self/status',
    stoppedBy: /NoNewPrivs:\s*1/,
  },
  {
    name: 'having capabilities',
    script: () => 'grep -h ^Cap /proc/self/status',
    stoppedBy: /CapEff:\s*0+$/m,
    never: /Cap\w+:\s*0*[1-9a-f]/,
  },
  {
    name: 'making a user namespace',
    script: () => 'unshare -U id; unshare -Ur true',
    stoppedBy: /Operation not permitted/,
    never: /uid=/,
  },
  { name: 'making one by hand', script: () => call(SYSTEM_CALLS.unshare, '0x10000000'), stoppedBy: EPERM },
  {
    name: 'cloning into one',
    script: () => call(SYSTEM_CALLS.clone, '0x10000011', '0', '0', '0', '0'),
    stoppedBy: EPERM,
  },
  { name: 'cloning in the new way', script: () => call(SYSTEM_CALLS.clone3, '0', '0'), stoppedBy: ENOSYS },
  { name: 'entering a namespace', script: () => call(SYSTEM_CALLS.setns, '0', '0'), stoppedBy: EPERM },
  {
    name: 'mounting',
    script: () => 'mount -t tmpfs none /tmp',
    stoppedBy: /permission denied|must be superuser|not permitted/i,
  },
  {
    name: 'mounting by hand',
    script: () => call(SYSTEM_CALLS.mount, '"none"', '"/tmp"', '"tmpfs"', '0', '0'),
    stoppedBy: EPERM,
  },
  { name: 'mounting in the new way', script: () => call(SYSTEM_CALLS.fsopen, '"tmpfs"', '0'), stoppedBy: ENOSYS },
  {
    name: 'making the system writable',
    script: () => 'mount -o remount,rw /usr; echo x >/usr/planted',
    stoppedBy: /Read-only|Permission denied/,
  },
  { name: 'changing the root', script: () => call(SYSTEM_CALLS.chroot, '"/tmp"'), stoppedBy: EPERM },
  { name: 'reading keys', script: () => call(SYSTEM_CALLS.keyctl, '0', '-3', '0', '0', '0'), stoppedBy: EPERM },
  {
    name: 'leaving keys',
    script: () => call(SYSTEM_CALLS.addKey, '"user"', '"k"', '"v"', '1', '-3'),
    stoppedBy: EPERM,
  },
  { name: 'loading a program into the kernel', script: () => call(SYSTEM_CALLS.bpf, '0', '0', '0'), stoppedBy: EPERM },
  { name: 'measuring the kernel', script: () => call(SYSTEM_CALLS.perf, '0', '0', '-1', '-1', '0'), stoppedBy: EPERM },
  { name: 'handling page faults', script: () => call(SYSTEM_CALLS.userfaultfd, '0'), stoppedBy: EPERM },
  { name: 'calls that no filter sees', script: () => call(SYSTEM_CALLS.ioUring, '1', '0'), stoppedBy: ENOSYS },
  { name: 'opening files by number', script: () => call(SYSTEM_CALLS.byHandle, '0', '0', '0'), stoppedBy: EPERM },
  { name: 'reading the kernel’s log', script: () => call(SYSTEM_CALLS.syslog, '3', '0', '0'), stoppedBy: EPERM },
  { name: 'turning off random addresses', script: () => call(SYSTEM_CALLS.personality, '0x40000'), stoppedBy: EPERM },
  { name: 'raising its limits', script: () => 'ls /sys/fs/cgroup', stoppedBy: NOT_THERE },
];
