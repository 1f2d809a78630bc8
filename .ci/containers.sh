# For .ci/run: a container engine of its own where none answers, and the image that tests run containers from.
# What is kept between runs, and what is not, lies in this folder.

cache="${SANDGLASS_CI_CACHE:-/var/tmp/sandglass-ci}"
image=sandglass-test:latest
recipe=procps,less,vim-tiny # On top of what every Debian has: bash, perl and util-linux among it.
engine_folder=""
engine_pid=""

engine_answers() { timeout 10 docker version >/dev/null 2>&1; }

# Uses the engine that answers at DOCKER_HOST or where Docker looks by default. Else starts one that nobody else uses, and
# names it in DOCKER_HOST.
start_engine() {
  engine_answers && return
  if [ "$(id -u)" != 0 ]; then
    echo "No container engine answers, and only root can start one." >&2
    return 1
  fi
  echo "Starting a container engine"
  mkdir -p -m 700 "$cache"
  discard_dead_engines
  # It makes a cgroup for each container, and not every machine has mounted them.
  grep -q '^[^ ]* /sys/fs/cgroup' /proc/mounts || mount -t cgroup2 none /sys/fs/cgroup || true
  engine_folder="$(mktemp -d "$cache/engine.XXXXXX")"
  echo $$ >"$engine_folder/owner"
  export DOCKER_HOST="unix://$engine_folder/docker.sock"
  # Where the kernel has no packet filter, containers are for themselves, and that is enough for the tests.
  try_engine || try_engine --iptables=false --ip-masq=false || {
    tail -n 20 "$engine_folder/log" >&2
    return 1
  }
}

try_engine() {
  # Should this script be killed, the engine still goes.
  setpriv --pdeathsig TERM dockerd \
    --data-root "$engine_folder/data" --exec-root "$engine_folder/exec" \
    --host "$DOCKER_HOST" --pidfile "$engine_folder/pid" "$@" >>"$engine_folder/log" 2>&1 &
  engine_pid=$!
  for _ in $(seq 120); do
    engine_answers && return
    [ -d "/proc/$engine_pid" ] || break
    sleep 0.5
  done
  end_engine
  return 1
}

end_engine() {
  [ -n "$engine_pid" ] || return 0
  kill "$engine_pid" 2>/dev/null || true
  # It first stops what runs in it.
  timeout 30 tail --pid="$engine_pid" -f /dev/null || kill -KILL "$engine_pid" 2>/dev/null || true
  wait "$engine_pid" 2>/dev/null || true
  engine_pid=""
}

# Ends the engine that was started here, if one was, and leaves nothing of it.
stop_engine() {
  end_engine
  [ -z "$engine_folder" ] || discard_engine "$engine_folder"
  engine_folder=""
}

discard_engine() {
  awk -v folder="$1/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r -n 1 umount 2>/dev/null || true
  rm -rf --one-file-system "$1"
}

# What runs that were killed have left. Another run may be in the middle of its tests.
discard_dead_engines() {
  local folder owner engine
  for folder in "$cache"/engine.*; do
    [ -e "$folder" ] || continue
    owner="$(cat "$folder/owner" 2>/dev/null || true)"
    engine="$(cat "$folder/pid" 2>/dev/null || true)"
    [ -d "/proc/${owner:-none}" ] || [ -d "/proc/${engine:-none}" ] || discard_engine "$folder"
  done
}

# Makes sure that the engine has the image. Its files are kept for later runs.
make_image() {
  timeout 10 docker image inspect "$image" >/dev/null 2>&1 && return
  local files
  files="$cache/image-$(printf %s "$recipe" | cksum | cut -d ' ' -f 1).tar"
  [ -s "$files" ] || make_image_files "$files" || make_image_files "$files" || return
  timeout 120 docker import --change 'CMD ["/bin/bash"]' "$files" "$image" >/dev/null
}

make_image_files() {
  local root mirror status=0
  echo "Making the image that tests run containers from"
  mkdir -p -m 700 "$cache"
  root="$(mktemp -d "$cache/root.XXXXXX")"
  # From where this machine has its packages, else from where debootstrap has them.
  mirror="$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Created-By: Packages' 2>/dev/null | head -n 1)" || true
  eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
  http_proxy="${http_proxy:-}" timeout 400 \
    debootstrap --variant=minbase --include="$recipe" bookworm "$root" ${mirror:+"$mirror"} \
    >"$root.log" 2>&1 &&
    tar -C "$root" --numeric-owner --exclude='./dev/*' --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' \
      -cf "$1.part" . &&
    mv "$1.part" "$1" || status=1
  [ "$status" = 0 ] || tail -n 5 "$root.log" >&2
  rm -rf --one-file-system "$root" "$root.log" "$1.part"
  return "$status"
}
