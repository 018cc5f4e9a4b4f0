"""What Postfix and Dovecot make of an address, asked of the directory with the filters of the files that are shipped."""

import os
import re

import ldap
import ldap.filter

SHIPPED = os.path.join(os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."), "src/cli")
DEPTH = 20  # virtual_alias_recursion_limit


class Lookup:
    """One file, as ldap_table(5) reads it."""

    def __init__(self, name):
        with open(os.path.join(SHIPPED, name), encoding="ascii") as file:
            text = file.read()
        self.value = dict(re.findall(r"^(\w+) = ?(.*)$", text, re.M))
        self.filter = self.value.get("query_filter") or self.value["user_filter"]
        self.below = "ou=journal" if "ou=journal" in self.value.get("search_base", "") else "ou=domains"

    def ask(self, connection, base, key):
        """The results, without order; none if the key has no such parts."""
        user, at, domain = key.rpartition("@")
        whole = {"s": key, "u": user if at else key, "d": domain}
        form = self.value.get("result_format", "%s")
        if ("%d" in self.filter and not domain) or ("%U" in form and not user) or ("%u" in self.filter and not whole["u"]):
            return []
        text = re.sub("%([sud])", lambda m: ldap.filter.escape_filter_chars(whole[m.group(1)]), self.filter)
        results = []
        scope = ldap.SCOPE_ONELEVEL if self.value.get("scope") == "one" else ldap.SCOPE_SUBTREE
        for _, entry in connection.search_s(self.below + "," + base, scope, text):
            results += [form.replace("%U", user).replace("%s", one.decode()) for one in self.of(entry)]
        return results

    def of(self, entry):
        """What an entry answers."""
        if self.value.get("terminal_result_attribute"):
            return entry.get(self.value["terminal_result_attribute"]) or entry[self.value["leaf_result_attribute"]]
        return entry.get(self.value.get("result_attribute", "provostMailboxId"), [])


class MailServer:
    """Bound as the services are, so that their rights count, too."""

    def __init__(self, directory):
        self.base = directory.dn()
        self.postfix, self.dovecot = directory.service("postfix"), directory.service("dovecot")
        names = ("virtual_mailbox_domains", "virtual_alias_domains", "virtual_alias_maps", "domain_alias", "virtual_mailbox_maps",
                 "sender_login_maps", "sender_alias_maps", "being_renamed", "send_only")
        self.tables = {name: Lookup("postfix/%s.cf" % name) for name in names}
        self.users = Lookup("dovecot/ldap-userdb.conf.ext")

    def ask(self, name, key):
        return self.tables[name].ask(self.postfix, self.base, key)

    def through(self, name, key):
        """A table, and behind it the same behind domain_alias."""
        found = self.ask(name, key)
        if not found:
            found = [one for other in self.ask("domain_alias", key) for one in self.ask(name, other)]
        return found

    def alias(self, key):
        """virtual_alias_maps: the whole address in both tables, then the catch-all."""
        return self.through("virtual_alias_maps", key) or self.through("virtual_alias_maps", key[key.index("@"):])

    def mailboxes(self, address):
        """Where mail for it comes to: names of mailboxes and addresses elsewhere.  None if it is not taken."""
        domain = address.partition("@")[2]
        if self.through("being_renamed", address):
            return {"put off"}
        local = self.ask("virtual_mailbox_domains", domain)
        if not local and not self.ask("virtual_alias_domains", domain):
            return None
        if not self.alias(address) and not (local and self.ask("virtual_mailbox_maps", address)):
            return None
        final = set()
        self.expand(address, final, DEPTH)
        return {where for one in final for where in self.deliver(one)}

    def expand(self, address, final, depth):
        to = self.alias(address)
        if depth == 0 or not to or to == [address]:
            final.add(address)
            return
        for one in to:
            if one == address:
                final.add(one)
            else:
                self.expand(one, final, depth - 1)

    def deliver(self, address):
        domain = address.partition("@")[2]
        if self.ask("virtual_mailbox_domains", domain):
            return [box.decode() for box in self.box(address)] or ["bounced: " + address]
        return ["bounced: " + address] if self.ask("virtual_alias_domains", domain) else [address]

    def box(self, address):
        text = self.users.filter.replace("%u", ldap.filter.escape_filter_chars(address))
        return [box for _, entry in self.dovecot.search_s("ou=domains," + self.base, ldap.SCOPE_SUBTREE, text) for box in entry["provostMailboxId"]]

    def senders(self, address):
        """The logins that may use it as a sender."""
        found = set(self.ask("sender_login_maps", address)) | set(self.ask("sender_alias_maps", address))
        for other in self.ask("domain_alias", address) if not found else []:
            found |= set(self.ask("sender_login_maps", other)) | set(self.ask("sender_alias_maps", other))
        return found
