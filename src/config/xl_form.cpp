// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/xl_form.hpp"

#include "config/keys.hpp"

#include <algorithm>
#include <concepts>
#include <utility>

namespace windsor::config {
namespace {

using Object = nlohmann::ordered_json;

// The names and their order are those of Xen's tools/libs/light/libxl_types.idl. Rows of the table fill in what is null
// here; what stays null is left out. What has no null here follows at the end of its object.
constexpr std::string_view kForm = R"({
    "c_info": {"type": "hvm", "name": null, "uuid": null},
    "b_info": {
        "max_vcpus": null, "avail_vcpus": null, "max_memkb": null, "target_memkb": null,
        "rtc_timeoffset": null, "localtime": null,
        "type.hvm": {
            "firmware": "seabios", "pae": null, "apic": null, "acpi": null,
            "vga": {"kind": "std"}, "vnc": null, "keymap": null, "sdl": {"enable": null},
            "boot": null, "serial": null
        }
    },
    "disks": null, "nics": null,
    "on_poweroff": null, "on_reboot": null, "on_crash": null
})";

// A member's value as libxl has it, one function for each type that has one; null if it is left out.
struct JsonOf {
    const DomainConfig& config;

    Object operator()(const Field<Switch>& field) const { return defbool(field.in(config)); }
    template <std::integral T> Object operator()(const Field<T>& field) const { return field.in(config); }
    Object operator()(const Field<std::optional<int>>& field) const
    {
        const auto& value = field.in(config);
        return value ? Object(*value) : Object(nullptr);
    }
    Object operator()(const Field<std::string>& field) const { return text(field.in(config)); }
    Object operator()(const Field<std::optional<std::string>>& field) const
    {
        return text(field.in(config).value_or(""));
    }
    Object operator()(const Field<std::vector<std::string>>& field) const
    {
        Object texts;
        for (const std::string& each : field.in(config)) {
            texts.push_back(valid_utf8(each));
        }
        return texts;
    }
    // libxl's enumerations have underscores.
    Object operator()(const Choice& choice) const
    {
        const auto value = choice.get(config);
        std::string word{value ? word_for(choice.words, *value) : ""};
        std::ranges::replace(word, '-', '_');
        return text(word);
    }
    Object operator()(std::monostate) const { return nullptr; }
    template <typename Device> Object operator()(const Field<std::vector<Device>>&) const { return nullptr; }

    static Object text(const std::string& value) { return value.empty() ? Object(nullptr) : Object(valid_utf8(value)); }
};

Object value_of(const KeyInfo& key, const DomainConfig& config)
{
    return key.xl.print != nullptr ? key.xl.print(key, config) : std::visit(JsonOf{config}, key.member);
}

void leave_out_nulls(Object& object)
{
    for (auto entry = object.begin(); entry != object.end();) {
        if (entry->is_object()) {
            leave_out_nulls(*entry);
        }
        if (entry->is_null()) {
            entry = object.erase(entry);
        } else {
            ++entry;
        }
    }
}

} // namespace

const char* defbool(Switch value)
{
    return value == Switch::On ? "True" : "False";
}

Object xl_form(const DomainConfig& config)
{
    auto form = Object::parse(kForm);
    const DomainConfig fresh;
    for (const KeyInfo& key : all_keys()) {
        if (key.xl.path.empty()) {
            continue;
        }
        auto value = value_of(key, config);
        if (key.xl.when == XlWhen::Always || value != value_of(key, fresh)) {
            form[Object::json_pointer{std::string{key.xl.path}}] = std::move(value);
        }
    }
    auto& machine = form["b_info"]["type.hvm"];
    if (machine["serial"].is_array()) { // which libxl keeps by another name
        machine["serial_list"] = std::exchange(machine["serial"], nullptr);
    }
    leave_out_nulls(form);
    return form;
}

} // namespace windsor::config
