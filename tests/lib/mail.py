"""mail - a private Postfix and a private Dovecot for tests

Both classes take a directory of generated configuration, change in it only
what a second instance on this machine needs (places, ports, certificate, no
DNS, no way out), and run it as root beside whatever else runs.  The directory
is changed: give each instance one of its own.

    with Postfix(conf + "/postfix") as postfix, \\
            Dovecot(conf + "/dovecot", mail_dir, postfix.queue) as dovecot:
        postfix.send("a@out.example", ["john@example.org"], "hello")
        dovecot.wait_for_message("john@example.org", "secret", "hello")

An instance listens on an address of its own in 127.0.0.0/8, so that no two
of them can want the same port.  It ends with the block or with the test,
even a killed one.  Every wait has a deadline, after which Late is raised with
the end of the log.
"""

import atexit
import collections
import email.header
import imaplib
import os
import pwd
import random
import re
import shutil
import signal
import smtplib
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time

DEADLINE = 30  # seconds for anything that should happen soon

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/cli")

PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"

# What owns the mail files: a number, no user needs to exist.
MAIL_UID = 5000

# What Postfix warns of when the time of a file is a second off the time it goes by itself: no word about us.
OF_THE_MACHINE = "file system clock is|resetting file time stamps"


class Late(Exception):
    """Something did not happen in time."""


def missing():
    """Why these tests cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in "postfix", "postconf", "dovecot", "doveadm", "openssl":
        if shutil.which(program, path=PATH) is None:
            return f"needs {program}"
    for module, package in (
            ("/usr/lib/postfix/postfix-ldap.so", "postfix-ldap"),
            ("/usr/lib/dovecot/modules/auth/libauthdb_ldap.so", "dovecot-ldap"),
            ("/usr/lib/dovecot/imap", "dovecot-imapd"),
            ("/usr/lib/dovecot/lmtp", "dovecot-lmtpd")):
        if not os.path.exists(module):
            return f"needs {package}"
    return None


def skip_where_missing():
    """End the test where it cannot run, and say why."""
    why_not = missing()
    if why_not:
        print("1..0 # SKIP " + why_not)
        sys.exit()


def fill(program, directory, **values):
    """Write the configuration of "postfix" or "dovecot" to directory.

    values: BASE, LDAP_URI, PASSWORD, HOSTNAME, MAIL_DIR, MAIL_UID, MAIL_GID.
    """
    values = {"HOSTNAME": "mail.test", "MAIL_DIR": "/var/vmail",
              "MAIL_UID": MAIL_UID, "MAIL_GID": MAIL_UID,
              "AUTH_BIND": "yes", "PASSWORD_ATTRIBUTE": "", "MASTER": "#", "MECHANISMS": "",
              "SCRAM_LONG": "#", "SCRAM_SHORT": "#", "CRAM": "#",
              "MASTER_USERS": "/nonexistent", "DICT": "#", "DICT_SOCKET": "/nonexistent",
              "DELIMITER": "+", "PROPAGATE": "canonical, virtual", "TAG_PATTERN": "[+]",
              "TAGGED": "", "DELIVERY": "lmtp:unix:private/dovecot-lmtp",
              "POLICY": "#", "POLICY_SERVICE": "inet:127.0.0.1:10040",
              **values, "DIR": os.path.abspath(directory)}
    os.makedirs(directory)
    for name in os.listdir(os.path.join(SOURCE, program)):
        with open(os.path.join(SOURCE, program, name)) as file:
            text = file.read()
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        left = re.search("@[A-Z_]+@", text)
        if left:
            raise KeyError(f"{program}/{name}: {left.group()}")
        with open(os.path.join(directory, name), "w") as file:
            file.write(text)


def wait(condition, what, seconds=DEADLINE, log=lambda: ""):
    """The first true answer of condition(), or Late."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Late(f"{what}: not within {seconds} s\n{log()}")
        time.sleep(0.02)


def run(*command, check=True):
    """Run to the end; a failure is raised with what was printed."""
    # Into files: a daemon keeps what it was started with open.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            timeout=DEADLINE, check=False,
            env={**os.environ, "LC_ALL": "C", "PATH": PATH})
        for file in out, err:
            file.seek(0)
        done.stdout, done.stderr = out.read(), err.read()
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n"
                           f"{done.stdout}{done.stderr}")
    return done


def running(pid):
    """True if the process exists and has not ended (as a zombie has)."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def unverified():
    """A TLS context that takes our self-made certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Instance:
    """What both programs have in common: a place, ports, an end.

    pid_file: where, below tmp, start() leaves the number of the main process.
    """

    # Waits for a line.  If it never comes, the test is gone: clean up.
    GUARD = """
        read -r line && exit 0
        pid=$(head -n 1 "$1" | tr -d ' ')
        kill "$pid"
        for i in 1 2 3 4 5 6 7 8 9; do
            kill -0 "$pid" || break
            sleep 1
        done
        rm -rf "$2"
    """

    def __init__(self, directory, kind, pid_file):
        self.directory = os.path.abspath(directory)
        self.tmp = tempfile.mkdtemp(prefix=f"provost-{kind}-", dir="/tmp")
        os.chmod(self.tmp, 0o755)
        self.host = "127." + ".".join(str(random.randint(1, 254))
                                      for _ in range(3))
        self.pid_file = os.path.join(self.tmp, pid_file)
        self.log_file = os.path.join(self.tmp, "log")
        self.cert = os.path.join(self.tmp, "cert.pem")
        self.key = os.path.join(self.tmp, "key.pem")
        self.guard = subprocess.Popen(
            ["/bin/sh", "-c", self.GUARD, "guard", self.pid_file, self.tmp],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        atexit.register(self.stop)

    def __enter__(self):
        try:
            self.start()
        except BaseException as error:
            print(f"# {type(self).__name__} did not start: {error}\n" +
                  "".join(f"# {line}\n" for line in self.log().splitlines()),
                  file=sys.stderr)
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def free_ports(self, count):
        """Ports that nobody listens on, on all addresses or on ours."""
        sockets = [socket.create_server((self.host, 0)) for _ in range(count)]
        ports = [one.getsockname()[1] for one in sockets]
        for one in sockets:
            one.close()
        return ports

    def make_certificate(self):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=mail.test", "-keyout", self.key, "-out", self.cert)

    def stop(self):
        """End all processes and remove what they wrote; twice is fine."""
        atexit.unregister(self.stop)
        pid = self.pid()
        if pid is not None and running(pid):
            os.kill(pid, signal.SIGTERM)
            try:
                wait(lambda: not running(pid), "end", 10)
            except Late:
                os.killpg(pid, signal.SIGKILL)
        if self.guard is not None:
            self.guard.communicate(b"ended\n")
            self.guard = None
        shutil.rmtree(self.tmp, ignore_errors=True)

    def pid(self):
        """The main process, or None if it was never started."""
        try:
            with open(self.pid_file) as file:
                return int(file.readline())
        except (FileNotFoundError, ValueError):
            return None

    def log(self, lines=40):
        """The end of the log."""
        try:
            with open(self.log_file, errors="replace") as file:
                return "".join(collections.deque(file, lines))
        except FileNotFoundError:
            return "(no log)"

    def wait_for_greeting(self, port, start):
        """Wait until a connection to port is greeted with start."""
        def greeted():
            try:
                with socket.create_connection((self.host, port), 5) as peer:
                    return peer.recv(64).startswith(start)
            except OSError:
                return False
        wait(greeted, f"greeting of {self.host}:{port}", log=self.log)


class Postfix(Instance):
    """Postfix with the configuration in directory.

    outside: (host, port) that gets all mail for foreign domains and for relay
    domains without a transport, such as Sink().address; without it such mail
    bounces.  clients: networks that may relay without a login.
    """

    def __init__(self, directory, outside=None, clients=""):
        super().__init__(directory, "postfix", "queue/pid/master.pid")
        self.outside = outside
        self.clients = clients
        self.port, self.submission, self.submissions = self.free_ports(3)
        self.queue = os.path.join(self.tmp, "queue")
        self.data = os.path.join(self.tmp, "data")
        # Here, so that Dovecot can be started first.
        user = pwd.getpwnam("postfix")
        for path in self.queue, self.data, os.path.join(self.queue, "private"):
            os.mkdir(path, 0o700)
            os.chown(path, user.pw_uid, 0)
        os.chown(self.queue, 0, 0)
        os.chmod(self.queue, 0o755)

    def start(self):
        self.make_certificate()
        self.protect_maps()
        self.separate()
        run("postfix", "-c", self.directory, "start")
        self.wait_for_greeting(self.port, b"220 ")

    def reload(self):
        """End the smtpd processes, which remember kinds of domains.

        One that is still there would serve by what it knows.
        """
        found = subprocess.run(["pgrep", "-P", str(self.pid()), "smtpd"], capture_output=True, text=True, check=False)
        run("postfix", "-c", self.directory, "reload")
        end = time.monotonic() + DEADLINE
        while any(os.path.exists("/proc/" + pid) for pid in found.stdout.split()):
            if time.monotonic() > end:
                raise TimeoutError("Postfix still serves by what it knew before")
            time.sleep(0.02)

    def protect_maps(self):
        """As main.cf tells the operator to."""
        user = pwd.getpwnam("postfix")
        for name in os.listdir(self.directory):
            path = os.path.join(self.directory, name)
            os.chown(path, 0, user.pw_gid)
            os.chmod(path, 0o640)
        for name in "main.cf", "master.cf":
            os.chmod(os.path.join(self.directory, name), 0o644)
        os.chmod(self.directory, 0o755)

    def separate(self):
        """Change what must differ from the instance of the system."""
        out = "error:5.1.2 nothing leaves this machine"
        if self.outside is not None:
            out = "smtp:[%s]:%d" % self.outside
        self.postconf("-e",
                      f"queue_directory={self.queue}",
                      f"data_directory={self.data}",
                      f"maillog_file={self.log_file}",
                      f"maillog_file_prefixes={self.tmp}",
                      "inet_interfaces=127.0.0.1",
                      "inet_protocols=ipv4",
                      "smtp_dns_support_level=disabled",
                      "smtpd_peername_lookup=no",
                      f"mynetworks={self.clients}",
                      f"default_transport={out}",
                      f"relay_transport={out}",
                      "alias_maps=", "alias_database=",
                      # Patience that only tests can do without.
                      "address_verify_poll_delay=1s",
                      f"smtpd_tls_cert_file={self.cert}",
                      f"smtpd_tls_key_file={self.key}")

        for name, port in (("smtp", self.port),
                           ("submission", self.submission),
                           ("submissions", self.submissions)):
            entry = self.postconf("-M", f"{name}/inet").split()
            entry[0] = f"{self.host}:{port}"
            self.postconf("-MX", f"{name}/inet")
            self.postconf("-M", f"{entry[0]}/inet={' '.join(entry)}")

    def postconf(self, *args):
        return run("postconf", "-c", self.directory, *args).stdout

    def postmap(self, table, key):
        """What a table answers to key, or None.

        table: the name of a file without its suffix, or a whole type:name.
        """
        if ":" not in table:
            table = f"ldap:{self.directory}/{table}.cf"
        done = run("postmap", "-c", self.directory, "-q", key, table,
                   check=False)
        if done.stderr:
            raise RuntimeError(f"postmap -q {key} {table}: {done.stderr}")
        return done.stdout.rstrip("\n") if done.returncode == 0 else None

    def send(self, sender, recipients, subject, text="", login=None, patience=DEADLINE):
        """Send a message; answers {recipient: (code, text)}.

        For an accepted recipient it is the answer to the message itself.
        login: (user, password), goes through the submission service.
        patience: seconds that an answer may take; Postfix expands aliases
        before it answers to the message.
        """
        replies = {}
        port = self.port if login is None else self.submission
        with smtplib.SMTP(self.host, port, "client.test", patience) as smtp:
            smtp.ehlo()
            if login is not None:
                smtp.starttls(context=unverified())
                smtp.login(*login)
            code, reply = smtp.mail(sender)
            if code != 250:
                return {r: (code, reply.decode()) for r in recipients}
            for recipient in recipients:
                code, reply = smtp.rcpt(recipient)
                replies[recipient] = code, reply.decode()
            taken = [r for r, reply in replies.items() if reply[0] == 250]
            if taken:
                code, reply = smtp.data(
                    f"From: <{sender}>\r\nTo: <{recipients[0]}>\r\n"
                    f"Subject: {subject}\r\n\r\n{text}\r\n")
                replies.update({r: (code, reply.decode()) for r in taken})
        return replies

    def queued(self):
        """Number of messages not yet delivered, returned or given up."""
        return sum(len(files) for part in
                   ("maildrop", "incoming", "active", "deferred")
                   for _, _, files in os.walk(os.path.join(self.queue, part)))

    def wait_queue_empty(self, seconds=DEADLINE):
        # Twice: a message moves while we look.
        wait(lambda: self.queued() == 0 and self.queued() == 0,
             "empty queue", seconds, self.log)


class Dovecot(Instance):
    """Dovecot with the configuration in directory.

    mail_dir: the MAIL_DIR it was generated with; made if it does not exist.
    queue: the queue of the Postfix that it serves, or None.
    """

    def __init__(self, directory, mail_dir, queue=None):
        super().__init__(directory, "dovecot", "run/master.pid")
        self.mail_dir = mail_dir
        self.queue = queue or self.tmp
        self.conf = os.path.join(self.directory, "dovecot.conf")
        self.port, self.imaps, self.quota_status = self.free_ports(3)

    def start(self):
        self.make_certificate()
        self.protect_files()
        self.separate()
        os.makedirs(os.path.join(self.queue, "private"), exist_ok=True)
        run("dovecot", "-c", self.conf)
        self.wait_for_greeting(self.port, b"* OK")

    def protect_files(self):
        """As dovecot.conf tells the operator to."""
        user = pwd.getpwnam("dovecot")
        for name in os.listdir(self.directory):
            path = os.path.join(self.directory, name)
            os.chown(path, 0, user.pw_gid)
            os.chmod(path, 0o640)
        os.chmod(self.directory, 0o755)
        os.chmod(self.conf, 0o644)

    def separate(self):
        """Write what must differ from the instance of the system."""
        with open(self.conf) as file:
            text = file.read()
        # Replaced and not overridden: Dovecot wants every "<file" to exist.
        text = re.sub(r"(?m)^ssl_cert *= *<.*", f"ssl_cert = <{self.cert}", text)
        text = re.sub(r"(?m)^ssl_key *= *<.*", f"ssl_key = <{self.key}", text)
        with open(self.conf, "w") as file:
            file.write(text)
        owner = re.search(r"^mail_uid *= *(\S+)", text, re.M).group(1)
        if not owner.isdigit():
            owner = MAIL_UID
        if not os.path.isdir(self.mail_dir):
            os.makedirs(self.mail_dir)
        os.chown(self.mail_dir, int(owner), int(owner))
        sockets = "\n".join(f"""
service {service} {{
  unix_listener /var/spool/postfix/private/{name} {{
    mode = 0
  }}
  unix_listener {self.queue}/private/{name} {{
    mode = 0600
    user = postfix
    group = postfix
  }}
}}""" for service, name in (("lmtp", "dovecot-lmtp"), ("auth", "auth")))
        with open(os.path.join(self.directory, "local.conf"), "w") as file:
            file.write(f"""
base_dir = {self.tmp}/run
state_dir = {self.tmp}/state
instance_name = {os.path.basename(self.tmp)}
log_path = {self.log_file}
listen = {self.host}
mail_uid = {owner}
mail_gid = {owner}
{sockets}
service imap-login {{
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.imaps}
  }}
}}
service quota-status {{
  inet_listener quota-status {{
    address = {self.host}
    port = {self.quota_status}
  }}
}}
# Wrong passwords are tried on purpose: no delay after them.
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
""")

    def doveadm(self, *args):
        """The ended process: returncode (67: no such user), stdout, stderr."""
        return run("doveadm", "-c", self.conf, *args, check=False)

    def imap(self):
        """A connection with TLS, not yet logged in."""
        client = imaplib.IMAP4(self.host, self.port, timeout=DEADLINE)
        client.starttls(unverified())
        return client

    def imap_login(self, user, password):
        """True if the password is taken, False if refused; others raise."""
        client = self.imap()
        try:
            client.login(user, password)
            return True
        except imaplib.IMAP4.error as error:
            # The latter to a master whose password is good for nothing here.
            if not re.search(r"\[AUTH(ENTIC|ORIZ)ATIONFAILED\]", str(error)):
                raise RuntimeError(f"{user}: {error}\n{self.log()}") from error
            return False
        finally:
            client.logout()

    def imap_messages(self, user, password, mailbox="INBOX"):
        """The subjects of the messages, in their order."""
        client = self.imap()
        try:
            client.login(user, password)
            state, (count,) = client.select(mailbox, readonly=True)
            if state != "OK" or count == b"0":
                return []
            _, parts = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            return [str(email.header.make_header(email.header.decode_header(
                        part[1].decode().partition(":")[2].strip())))
                    for part in parts if isinstance(part, tuple)]
        finally:
            client.logout()

    def wait_for_message(self, user, password, subject, seconds=DEADLINE):
        """Wait until a message with this subject is in the inbox."""
        wait(lambda: subject in self.imap_messages(user, password),
             f"message {subject!r} of {user}", seconds, self.log)


class Sink:
    """An SMTP server that stands for the world outside.

    It takes all recipients but those of whom it was told refuse, which get
    550, and keeps (sender, recipients, text) of each message in messages.
    """

    def __init__(self, refuse=()):
        sink = self
        self.refuse = set(refuse)
        self.messages = []

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                sink.converse(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Session)
        self.address = self.server.server_address
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def converse(self, reader, writer):
        sender, recipients = None, []
        writer.write(b"220 sink.test ESMTP\r\n")
        for line in reader:
            word = line.decode("latin-1").strip()
            verb = word.upper().partition(" ")[0]
            address = word.partition("<")[2].partition(">")[0]
            reply = "250 2.0.0 Ok"
            if verb == "MAIL":
                sender, recipients = address, []
            elif verb == "RCPT" and address in self.refuse:
                reply = "550 5.1.1 No such user"
            elif verb == "RCPT":
                recipients.append(address)
            elif verb == "DATA":
                writer.write(b"354 Go on\r\n")
                text = b"".join(iter(reader.readline, b".\r\n")).decode()
                self.messages.append((sender, recipients, text))
            elif verb == "QUIT":
                writer.write(b"221 2.0.0 Bye\r\n")
                return
            writer.write(reply.encode() + b"\r\n")

    def recipients(self):
        """All recipients of all messages, sorted."""
        return sorted(r for _, some, _ in self.messages for r in some)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
