// SPDX-License-Identifier: GPL-2.0-or-later
// What a domain's guest knows its machine by, and which HAL a Windows chooses on it.
#include "domain/activation.hpp"
#include "domain/identity.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/configuration.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace windsor::toolstack {

namespace {

// What the guest is told, also by a domain whose file is from before the texts were kept.
void print_smbios(Context& context, const domain::Identity& identity)
{
    firmware::SmbiosTexts texts = identity.smbios;
    texts.fill_in(firmware::default_smbios_texts(domain::parse_uuid(identity.uuid)));
    context.out << (identity.smbios_source == domain::SmbiosSource::Host
                        ? "SMBIOS texts, the host's of the first start where the configuration says none:\n"
                        : "SMBIOS texts:\n");
    for (const firmware::SmbiosWord& word : firmware::smbios_words()) {
        if (const std::string& text = *texts[word.text]; !text.empty()) {
            context.out << fmt::format("  {:<30} {}\n", word.word, text);
        }
    }
    for (const std::string& text : *texts.oem) {
        context.out << fmt::format("  {:<30} {}\n", firmware::kOemWord, text);
    }
}

void print_drives(Context& context, const domain::Identity& identity)
{
    for (const domain::KnownDrive& drive : identity.drives) {
        context.out << fmt::format("{} ({}) is '{}', firmware {}, serial number {}\n", drive.vdev,
                                   drive.kind == config::DiskKind::Cdrom ? "CD-ROM" : "disk", drive.told.model,
                                   drive.told.firmware, drive.told.serial);
    }
    if (!identity.firmware_files.empty()) {
        context.out << fmt::format("Tables from files: {}\n", identity.firmware_files);
    }
}

void print_identity(Context& context, const domain::Identity& identity)
{
    context.out << fmt::format("Domain '{}', UUID {}\n", identity.name, identity.uuid);
    if (!identity.configuration.empty()) {
        context.out << fmt::format("Configuration: {}\n", identity.configuration);
    }
    context.out << fmt::format("{:<30} {:>5}  {}\n", "Component of Windows XP", "Votes", "Value");
    unsigned votes = 0;
    for (const domain::Component& component : domain::components()) {
        if (component.votes != 0) {
            context.out << fmt::format("{:<30} {:>5}  {}\n", component.name, component.votes,
                                       component.value(identity));
            votes += component.votes;
        }
    }
    context.out << fmt::format("Windows XP stays activated while {} of the {} votes are for what it knows.\n",
                               domain::kVotesNeeded, votes);
    context.out << fmt::format("Later Windows also look at the system's UUID, {}, and at the {}.\n", identity.uuid,
                               identity.disk.empty() ? "hard disk, of which there is none" : identity.disk);
    print_drives(context, identity);
    print_smbios(context, identity);
}

// What of a running domain's configuration decides the HAL.
base::Result<firmware::HalKeys> keys_of_running(const Context& context, const std::string& name)
{
    const domain::Json config = WINDSOR_TRY(fitting("config", call(context, name, "config")));
    const domain::Json keys = config.value("json", domain::Json::object());
    const auto number = [&keys](const char* key) {
        const domain::Json value = keys.value(key, domain::Json(1)); // which is the default of all three
        const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
        return text == "true" ? 1u : static_cast<unsigned>(std::strtoul(text.c_str(), nullptr, 0));
    };
    return firmware::HalKeys{.acpi = number("acpi") != 0, .apic = number("apic") != 0, .processors = number("vcpus")};
}

base::Result<firmware::HalKeys> keys_of(Context& context, const std::string& operand)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    if (operand.find('/') == std::string::npos && registry.find(operand)) {
        return keys_of_running(context, operand);
    }
    const std::string file = WINDSOR_TRY(find_config(operand));
    const config::Loaded loaded = WINDSOR_TRY(read_configuration(file, {})).loaded;
    return firmware::HalKeys{.acpi = loaded.config.acpi == config::Switch::On,
                             .apic = loaded.config.apic == config::Switch::On,
                             .processors = static_cast<unsigned>(loaded.config.vcpus)};
}

} // namespace

base::Result<int> identity(Context& context, const Arguments& arguments)
{
    const domain::IdentityStore store{context.paths.data};
    bool first = true;
    for (const domain::Identity& each : WINDSOR_TRY(store.named(arguments.operand(0)))) {
        context.out << (first ? "" : "\n");
        first = false;
        print_identity(context, each);
    }
    return 0;
}

base::Result<int> hal(Context& context, const Arguments& arguments)
{
    const firmware::HalKeys keys = WINDSOR_TRY(keys_of(context, arguments.operand(0)));
    const firmware::Hal* const row = firmware::find_hal(keys);
    if (row == nullptr) {
        return base::fail("there is no HAL for {} processors without APICs; write apic = 1, or vcpus = 1",
                          keys.processors);
    }
    context.out << fmt::format("{}: {}\n", row->file, row->device);
    context.out << fmt::format("acpi = {}, apic = {}, vcpus = {}: {}.\n", keys.acpi ? 1 : 0, keys.apic ? 1 : 0,
                               keys.processors, row->reason);
    return 0;
}

} // namespace windsor::toolstack
