// SPDX-License-Identifier: GPL-2.0-or-later
// The two stages in which Windows XP is installed: its Setup in text mode finds a Standard PC and ends with a restart,
// and Setup in graphics, and all that follows, finds a PC with ACPI and APICs.
#include "base/fd.hpp"
#include "base/printable.hpp"
#include "base/whole.hpp"
#include "domain/identity.hpp"
#include "domain/phase.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/identity_guard.hpp"
#include "toolstack/screen_text.hpp"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <thread>

namespace windsor::toolstack {

using domain::Identity;
using domain::InstallStage;

namespace {

constexpr auto kLookInterval = std::chrono::seconds{1};
constexpr std::size_t kMostLog = 4 << 20;
// What the log of a domain has whose guest has reset the machine.
constexpr std::string_view kGuestReset = "the guest resets the machine";

struct Stage {
    InstallStage stage;
    std::string_view what;
    std::array<std::string_view, 4> settings;
};
// The CD-ROM goes first until there is a system on the disk, and stays in its drive afterwards.
constexpr Stage kFirst{InstallStage::First, "stage 1", {"acpi=0", "apic=0", "on_reboot='destroy'", "boot='dc'"}};
constexpr Stage kSecond{InstallStage::Second, "stage 2", {"acpi=1", "apic=1", "on_reboot='restart'", "boot='cd'"}};

// Whether a domain in that phase is there without a guest, by on_poweroff or on_crash.
bool is_preserved(std::string_view phase)
{
    return phase == name_of(domain::Phase::PoweredOff) || phase == name_of(domain::Phase::Crashed);
}

// One installation.
class Installation {
public:
    Installation(Context& context, std::string file, std::vector<std::string> settings, std::string name)
        : context_{context}, store_{context.paths.data}, file_{std::move(file)}, settings_{std::move(settings)},
          name_{std::move(name)}
    {
    }

    // How far it is, by what is kept, and by the log of a first stage that has ended meanwhile.
    base::Result<InstallStage> stage() const
    {
        const auto known = WINDSOR_TRY(known_identity());
        const InstallStage stage = known ? known->stage : InstallStage::None;
        return stage == InstallStage::First && !runs() && guest_has_reset() ? InstallStage::Second : stage;
    }

    // Unless the domain is there from an earlier call.
    base::Status start(const Stage& stage)
    {
        if (runs()) {
            context_.out << fmt::format("{}: '{}' is running; going on with it\n", stage.what, name_) << std::flush;
            return {};
        }
        std::vector<std::string> words{"--quiet", "--defconfig=" + file_};
        words.insert(words.end(), settings_.begin(), settings_.end());
        words.insert(words.end(), stage.settings.begin(), stage.settings.end());
        const Command* const command = WINDSOR_TRY(find_command("create", Dialect::Windsor, context_.program));
        const Arguments arguments = WINDSOR_TRY(Arguments::parse(words, command->options, Option::For::All));
        WINDSOR_TRY(create(context_, arguments));
        context_.out << fmt::format("{}: '{}' has started\n", stage.what, name_) << std::flush;
        return note(stage.stage);
    }

    // Shows the guest's screen until the domain has ended, or the guest has begun anew in it.
    base::Status follow(const Stage& stage)
    {
        std::string shown;
        while (runs()) {
            const std::string line = what_is_seen();
            if (!line.empty() && line != shown) {
                context_.out << fmt::format("{}: {}\n", stage.what, line) << std::flush;
                shown = line;
            }
            const auto status = this->status();
            if (status && status->restarts != 0) {
                return {};
            }
            if (status && is_preserved(status->phase)) {
                return base::fail("'{}' has ended in {}, and its remains are preserved: look at them, end it with "
                                  "'windsor destroy {}', and 'windsor install' repeats the stage",
                                  name_, stage.what, name_);
            }
            std::this_thread::sleep_for(kLookInterval);
        }
        if (!guest_has_reset()) {
            return base::fail("'{}' has ended in {}, and its guest has not restarted: 'windsor dmesg {}' says why; "
                              "'windsor install' repeats the stage",
                              name_, stage.what, name_);
        }
        return {};
    }

    base::Status note(InstallStage stage) const
    {
        auto known = WINDSOR_TRY(known_identity());
        if (!known) {
            return base::fail("the stage of '{}' cannot be kept: there is no record of its first start", name_);
        }
        known->stage = stage;
        return store_.write(*known);
    }

    bool runs() const
    {
        const auto registry = domain::Registry::open(context_.paths.runtime);
        return registry && registry->find(name_);
    }

private:
    base::Result<std::optional<Identity>> known_identity() const
    {
        const Configuration configuration = WINDSOR_TRY(read_configuration(file_, settings_));
        return store_.find(name_, lasting_path(file_), configuration.loaded.config.uuid);
    }

    bool guest_has_reset() const
    {
        const base::Fd log{::open(context_.paths.ended_log(name_).c_str(), O_RDONLY | O_CLOEXEC)};
        return log && base::read_whole(log.get(), kMostLog).find(kGuestReset) != std::string::npos;
    }

    // The last line of a text screen, or the size of a picture; empty if the domain does not answer.
    std::string what_is_seen() const
    {
        const auto screen = fitting("screen", call(context_, name_, "screen"));
        if (screen && screen->value("mode", "") == "text") {
            std::string text = screen_lines(*screen);
            text.erase(text.find_last_not_of(" \n") + 1);
            return base::printable(text.substr(text.rfind('\n') + 1));
        }
        const auto picture = fitting("screenshot", call(context_, name_, "screenshot"));
        return picture ? fmt::format("graphics {}x{}", picture->value("width", 0), picture->value("height", 0)) : "";
    }

    base::Result<domain::DomainStatus> status() const
    {
        Connection connection = WINDSOR_TRY(connect(context_, name_));
        return ask_for_status(connection);
    }

    Context& context_;
    domain::IdentityStore store_;
    std::string file_;
    std::vector<std::string> settings_;
    std::string name_;
};

base::Result<InstallStage> stage_to_begin(const Arguments& arguments, const Installation& installation,
                                          const std::string& name)
{
    const std::string wanted = arguments.value("stage");
    if (arguments.has("stage") && wanted != "1" && wanted != "2") {
        return base::fail("there is no stage '{}'; give --stage 1 or --stage 2", wanted);
    }
    if (arguments.has("stage") && installation.runs()) {
        return base::fail("'{}' is running; shut it down before --stage {}", name, wanted);
    }
    if (arguments.has("stage")) {
        return wanted == "1" ? InstallStage::First : InstallStage::Second;
    }
    const InstallStage stage = WINDSOR_TRY(installation.stage());
    if (stage == InstallStage::Done) {
        return base::fail("'{}' has been installed; 'windsor create' starts it, and --stage 1 begins again", name);
    }
    if (stage == InstallStage::None && installation.runs()) {
        return base::fail("'{}' is running, and not as 'install' starts it; shut it down first", name);
    }
    return stage == InstallStage::Second ? stage : InstallStage::First;
}

} // namespace

base::Result<int> install(Context& context, const Arguments& arguments)
{
    std::vector<std::string> settings{arguments.operands().begin() + 1, arguments.operands().end()};
    const std::string file = WINDSOR_TRY(find_config(arguments.operand(0)));
    const Configuration configuration = WINDSOR_TRY(read_configuration(file, settings));
    print_notes(context, {}, configuration.loaded);
    const std::string name = configuration.loaded.config.name;
    Installation installation{context, file, std::move(settings), name};
    InstallStage stage = WINDSOR_TRY(stage_to_begin(arguments, installation, name));
    context.out << "Ctrl-C leaves the domain running; the same command goes on from there.\n" << std::flush;
    if (stage == InstallStage::First) {
        WINDSOR_TRY(installation.start(kFirst));
        WINDSOR_TRY(installation.follow(kFirst));
        context.out << "stage 1: the guest has restarted, and the domain has ended\n" << std::flush;
    }
    WINDSOR_TRY(installation.start(kSecond));
    WINDSOR_TRY(installation.follow(kSecond));
    WINDSOR_TRY(installation.note(InstallStage::Done));
    context.out << fmt::format("stage 2: the guest has restarted; '{}' is installed and goes on running\n", name);
    return 0;
}

} // namespace windsor::toolstack
