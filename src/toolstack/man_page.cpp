// SPDX-License-Identifier: GPL-2.0-or-later
// The manual pages, from the same table as everything else.
#include "toolstack/help.hpp"

#include <algorithm>

namespace windsor::toolstack {

namespace {

// Text as troff takes it: backslashes and hyphens escaped, no line that looks like a request.
std::string troff(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '\\': out += "\\e"; break;
        case '-': out += "\\-"; break;
        case '\'': out += out.empty() ? "\\&\\(aq" : "\\(aq"; break;
        case '.': out += out.empty() ? "\\&." : "."; break;
        case '^': out += "\\(ha"; break;
        case '~': out += "\\(ti"; break;
        default: out += c;
        }
    }
    return out;
}

std::string option_entry(const Option& option)
{
    std::string form;
    if (option.letter != '\0') {
        form = fmt::format("\\fB\\-{}\\fR{}{}", option.letter, option.value.empty() ? "" : " ", option.value);
    }
    if (!option.name.empty()) {
        form += fmt::format("{}\\fB\\-\\-{}\\fR{}{}", form.empty() ? "" : ", ", troff(option.name),
                            option.value.empty() ? "" : "=", option.value);
    }
    const std::string_view only = option.dialect == Option::For::Xm   ? " (As xm.)"
                                  : option.dialect == Option::For::Xl ? " (As xl.)"
                                                                      : "";
    return fmt::format(".TP\n{}\n{}{}\n", form, troff(option.help), only);
}

std::string command_entry(const Command& command)
{
    std::string text =
        fmt::format(".TP\n\\fB{}\\fR {}\n{}\n", troff(command.name), troff(command.synopsis), troff(command.help));
    if (!command.details.empty()) {
        text += troff(command.details) + '\n';
    }
    if (!command.options.empty()) {
        text += ".RS\n";
        for (const Option& option : command.options) {
            text += option_entry(option);
        }
        text += ".RE\n";
    }
    return text;
}

std::string commands(bool windsor)
{
    std::string text;
    for (const Command& command : all_commands()) {
        if (command.handler != nullptr && (command.origin == Command::Origin::Windsor) == windsor) {
            text += command_entry(command);
        }
    }
    return text;
}

std::string refused_commands()
{
    std::string text;
    for (const Command& command : all_commands()) {
        if (command.handler == nullptr) {
            text += fmt::format(".TP\n\\fB{}\\fR\n{}.\n", troff(command.name), troff(command.details));
        }
    }
    return text;
}

constexpr std::string_view kLicence = ".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n";

constexpr std::string_view kIntroduction = R"(.SH NAME
windsor \- run unmodified PC operating systems as domains
.SH SYNOPSIS
.B windsor
.I subcommand
.RI [ options ]
.RI [ arguments ]
.SH DESCRIPTION
.B windsor
starts and manages domains: virtual PCs that run an unmodified operating system.
Each domain is a process of its own; there is no daemon, and nothing has to be started before the first domain.
The same program is installed as
.BR xm (1)
and
.BR xl ,
with the output of Xen\(aqs commands of these names.
.PP
A domain is named by its name or its id.
A subcommand may be abbreviated as long as that is unambiguous.
Every subcommand explains itself with
.BR \-\-help ;
.B windsor help
.I KEY
explains a key of the configuration file.
)";

constexpr std::string_view kEnding = R"(.SH EXIT STATUS
0 if all went well, 1 after an error, which is told in a sentence on standard error.
.B screen
gives 2 if the guest\(aqs screen is in a graphics mode.
.SH ENVIRONMENT
.TP
.B WINDSOR_RUNTIME_DIR
The directory of the running domains.
The default is /run/windsor for root, and $XDG_RUNTIME_DIR/windsor or /tmp/windsor\-UID for others.
.TP
.B WINDSOR_DATA_DIR
The directory of what outlives domains.
The default is /var/lib/windsor for root, and $XDG_DATA_HOME/windsor or ~/.local/share/windsor for others.
.SH FILES
.TP
.I /etc/xen/xend\-config.sxp
.TQ
.I /etc/xen/xl.conf
The host\(aqs configuration, if it is there: vnc\-listen, vncpasswd, keymap, engine, migration_tls,
and vif.default.bridge, or bridge=NAME in network\-script or vif\-script, which is the bridge of network cards that name
none. No scripts are run.
migration_tls names the directory of certificates and keys with which domains move over TCP, at both ends:
\fIca\-cert.pem\fR, \fIclient\-cert.pem\fR, \fIclient\-key.pem\fR, \fIserver\-cert.pem\fR and \fIserver\-key.pem\fR,
as libvirt and QEMU name them, and \fIca\-crl.pem\fR if there is one.
.TP
.I /etc/xen
Where
.B create
looks for a configuration file that is not in the current directory.
.TP
.I identity
In the data directory: what each domain keeps from its first start on, a text file each.
.SH SEE ALSO
.BR xm (1),
.BR windsor.cfg (5)
)";

constexpr std::string_view kXm = R"(.SH NAME
xm, xl \- Xen\(aqs commands, for Windsor\(aqs domains
.SH SYNOPSIS
.B xm
.I subcommand
.RI [ options ]
.RI [ arguments ]
.br
.B xl
.I subcommand
.RI [ options ]
.RI [ arguments ]
.SH DESCRIPTION
These are
.BR windsor (1)
under the names, and with the output, of Xen\(aqs management commands, for scripts and fingers that know them.
Subcommands that Windsor has beyond these work under either name.
.PP
What is different:
.TP
Manners
As
.BR xm ,
.B list \-l
and
.B create \-\-dryrun
print s\-expressions; as
.BR xl ,
JSON.
The columns of
.B list
are those of the respective program.
.TP
Domain\-0
The host is no domain: there is no line for it, and ids begin with 1.
Scripts that skip two lines of
.BR list \(aqs
output must skip one.
.TP
Configuration files
Either name takes the classic xm language and the plain xl syntax; see
.BR windsor.cfg (5).
.TP
Abbreviations
Those known from either program keep their meaning.
.SH SUBCOMMANDS
)";

} // namespace

std::string man_page_windsor()
{
    std::string text{kLicence};
    text += fmt::format(".TH WINDSOR 1 \"\" \"Windsor {}\" \"User Commands\"\n", WINDSOR_VERSION);
    text += kIntroduction;
    text += ".SH SUBCOMMANDS\n" + commands(false);
    text += ".SH \"WINDSOR\\(aqS OWN SUBCOMMANDS\"\nThe console for programs as well as people.\n" + commands(true);
    text += ".SH \"NOT IN THIS VERSION\"\nThese subcommands of xm and xl are known and refused.\n" + refused_commands();
    text += kEnding;
    return text;
}

std::string man_page_xm()
{
    std::string text{kLicence};
    text += fmt::format(".TH XM 1 \"\" \"Windsor {}\" \"User Commands\"\n", WINDSOR_VERSION);
    text += kXm;
    text += commands(false);
    text += ".SH \"SEE ALSO\"\n.BR windsor (1),\n.BR windsor.cfg (5)\n";
    return text;
}

} // namespace windsor::toolstack
