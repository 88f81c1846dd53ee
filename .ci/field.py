"""Nodes for the configurations of the field: a network namespace with the interfaces that a file
names, and a copy-on-write root on which its scripts exist. Needs root and iproute2."""
import contextlib
import glob
import os
import re
import subprocess
import tempfile


def text_of(path):
    """The file with what it includes, without comments."""
    parts = []
    for line in open(path, errors="replace"):
        line = re.sub(r'("[^"]*")|[#!].*', lambda it: it.group(1) or "", line)
        include = re.match(r"\s*include\w?\s+(\S+)", line)
        if include:
            pattern = os.path.join(os.path.dirname(path), include.group(1))
            parts += [text_of(one) for one in sorted(glob.glob(pattern)) if os.path.isfile(one)]
        parts.append(line)
    return "".join(parts)


def interfaces(text):
    """The interfaces that the text names."""
    values = {}
    for name, value in re.findall(r"(?m)^\s*(?:@\S+\s+)?\$(\w+)=\s*([^\s\\]+)\s*$", text):
        values.setdefault(name, []).append(value)
    named = r"(?:^|\s)(?:interface|dev|lvs_sync_daemon|lvs_sync_daemon_interface|default_interface)\s+(\S+)"
    found = set(re.findall(named, text))
    listed = r"(?:track_interface|interfaces|linkbeat_interfaces|interface_up_down_delays)\s*\{([^}]*)\}"
    for block in re.findall(listed, text):
        found |= {line.split()[0] for line in block.splitlines() if line.strip()}
    for name, each in values.items():
        found |= {one.replace(f"${{{name}}}", value).replace(f"${name}", value)
                  for one in found for value in each}
    return sorted(name for name in found
                  if len(name) <= 15 and name != "lo" and not set(name) & set("${}\"@"))


def scripts(text):
    """The programs that the text names, which are not all there."""
    named = r"(?<!\w)(?:script|notify\w*|\w+_script)\s+\"?'?(/[^\s\"';]+)"
    pipes = set(re.findall(r"(?:notify_fifo)\s+\"?(/[^\s\"']+)", text))
    return sorted(name for name in set(re.findall(named, text)) - pipes
                  if not name.startswith("/dev/"))


@contextlib.contextmanager
def node(name, links):
    """A namespace with `links`, each with two addresses and the far end up."""
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        batch = ["link set lo up"]
        for number, link in enumerate(links):
            far = f"zp{number}"
            batch += [
                f"link add {link} address 02:00:00:00:{number:02x}:01 type veth peer name {far}",
                f"link set {link} up", f"link set {far} up",
                f"address add 10.254.{number}.1/24 dev {link}",
                f"address add fd00:254:{number}::1/64 dev {link} nodad",
            ]
        subprocess.run(["ip", "-n", name, "-batch", "-"], input="\n".join(batch), text=True, check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


@contextlib.contextmanager
def command(node, program, path, text, namespaces=True):
    """What runs `program` in the node, on a root of its own; its flags are to be appended. With
    `namespaces` the one that the text wants to be in is there: it is the node."""
    with tempfile.TemporaryDirectory(prefix="vipdfield-") as scratch:
        root = f"{scratch}/merged"
        lines = [
            "mount --make-rprivate /", f"mount -t tmpfs none {scratch}",
            f"mkdir {scratch}/upper {scratch}/work {root}",
            f"mount -t overlay overlay -o lowerdir=/,upperdir={scratch}/upper,workdir={scratch}/work {root}",
            f"cd {root}", "mount -t proc proc proc", "mount --rbind /sys sys", "mount --rbind /dev dev",
            "chmod 1777 tmp",
        ]
        for directory in {os.path.dirname(path), os.path.dirname(program)}:
            lines.append(f"mkdir -p .{directory}; mount --bind {directory} .{directory}")
        wanted = re.findall(r"(?m)^\s*(?:@\S+\s+)?net_namespace\s+(\w\S*)", text)
        for own in sorted(set(wanted)) if namespaces else ():
            lines.append(f"mkdir -p run/netns; touch 'run/netns/{own}'; "
                         f"mount --bind /proc/self/ns/net 'run/netns/{own}'")
        for stub in scripts(text):
            lines.append(f"mkdir -p '.{os.path.dirname(stub)}'; [ -e '.{stub}' ] || "
                         f"{{ printf '#!/bin/sh\\n' >'.{stub}'; chmod 755 '.{stub}'; }}")
        lines.append(f'exec chroot . {program} "$@"')
        yield ["ip", "netns", "exec", node, "unshare", "-m", "sh", "-ec", "\n".join(lines), "sh"]
