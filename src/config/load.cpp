// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/load.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include <fmt/format.h>

#include "config/build.hpp"
#include "config/file.hpp"
#include "config/guest_kind.hpp"
#include "config/keys.hpp"
#include "config/settings.hpp"

namespace windsor::config {
namespace {

using SourcePtr = std::shared_ptr<const Source>;

bool host_path_is(const std::string& path, python::PathQuestion question)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return false;
    }
    switch (question) {
    case python::PathQuestion::IsFile: return S_ISREG(status.st_mode);
    case python::PathQuestion::IsDirectory: return S_ISDIR(status.st_mode);
    case python::PathQuestion::Exists: break;
    }
    return true;
}

python::HostNames this_host()
{
    utsname names{};
    if (::uname(&names) != 0) {
        return {};
    }
    return {names.sysname, names.nodename, names.release, names.version, names.machine};
}

std::optional<std::string> host_variable(const std::string& name)
{
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

double host_time()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::int64_t host_utc_offset(std::int64_t seconds)
{
    const std::time_t time = seconds;
    std::tm local{};
    return ::localtime_r(&time, &local) == nullptr ? 0 : local.tm_gmtoff;
}

python::Environment environment_for(const Options& options)
{
    python::Environment environment;
    const bool given = std::ranges::any_of(options.host_names, [](const auto& name) { return !name.empty(); });
    environment.host_names = given ? options.host_names : this_host();
    environment.path_probe = options.path_probe ? options.path_probe : host_path_is;
    environment.variable = options.variable ? options.variable : host_variable;
    environment.now = options.now ? options.now : host_time;
    environment.utc_offset = host_utc_offset;
    environment.limits = options.limits;
    return environment;
}

// One assignment from the command line, evaluated.
struct Override {
    SourcePtr source;
    std::string key;
    Value value;
};

class Loader {
public:
    Loader(SourcePtr source, const Options& options)
        : source_{std::move(source)}, options_{options}, environment_{environment_for(options)}
    {
    }

    std::expected<Loaded, Complaint> run()
    {
        if (auto outcome = read_overrides(); !outcome) {
            return std::unexpected{outcome.error()};
        }
        if (auto outcome = read_text(); !outcome) {
            return std::unexpected{outcome.error()};
        }
        apply_overrides();
        warn_unknown();
        auto config = build_domain(settings_, default_name(), loaded_.warnings);
        if (!config) {
            return std::unexpected{config.error()};
        }
        loaded_.config = std::move(*config);
        return std::move(loaded_);
    }

private:
    using Outcome = std::expected<void, Complaint>;

    Location at(Position position) const { return Location{source_, position}; }

    std::string default_name() const
    {
        // A pipe and /dev/null have no name that anybody chose.
        if (source_->name.starts_with("/dev/") || source_->name.starts_with("/proc/")) {
            return {};
        }
        auto name = std::filesystem::path{source_->name}.filename().string();
        const auto dot = name.rfind('.');
        return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
    }

    Outcome read_overrides()
    {
        for (const auto& text : options_.overrides) {
            const auto equals = text.find('=');
            auto key = text.substr(0, equals);
            std::ranges::replace(key, '-', '_');
            const auto part = [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
            };
            auto source = std::make_shared<const Source>(Source{"command line", text});
            if (equals == std::string::npos || key.empty() || !std::ranges::all_of(key, part) ||
                (key[0] >= '0' && key[0] <= '9')) {
                return std::unexpected{
                    Complaint{Location{source, {1, 1}}, "a setting on the command line is written KEY=VALUE"}};
            }
            overrides_.push_back({source, key, override_value(key, text.substr(equals + 1))});
        }
        for (const auto& entry : overrides_) {
            environment_.predefined.emplace_back(entry.key, entry.value);
        }
        return {};
    }

    // A key that takes strings takes the text as it stands, so that cpus=0-3 is no subtraction, unless it is quoted.
    Value override_value(std::string_view name, const std::string& text) const
    {
        const auto* key = find_key(name);
        const bool wants_text = key != nullptr && (key->type == KeyType::String || key->name == "cpus" ||
                                                   key->type == KeyType::IntegerOrString);
        const bool is_quoted = text.starts_with('\'') || text.starts_with('"');
        if (wants_text && !is_quoted) {
            return text;
        }
        auto value = python::evaluate_expression(text, environment_);
        if (value) {
            return std::move(*value);
        }
        const bool one_of_list = key != nullptr && key->type == KeyType::Strings && !text.empty() && text[0] != '[';
        return one_of_list ? Value{Value::List{Value{text}}} : Value{text};
    }

    // Under the name that the table has, so that a later setting replaces an earlier one under another name.
    void add(Setting setting)
    {
        setting.key = canonical_key(setting.key);
        settings_.set(std::move(setting));
    }

    // The classic language first, since it holds nearly all of the plain form; then the plain form itself.
    Outcome read_text()
    {
        auto outcome = python::evaluate(source_->text, environment_);
        if (outcome) {
            take(std::move(*outcome));
            return {};
        }
        if (auto plain = parse_plain(source_, PlainNames::Keys)) {
            take(std::move(*plain));
            return {};
        }
        if (auto complaint = guest_complaint(source_)) {
            return std::unexpected{std::move(*complaint)};
        }
        return std::unexpected{Complaint{at(outcome.error().at), std::move(outcome.error().message)}};
    }

    void take(python::Outcome outcome)
    {
        for (auto& note : outcome.notes) {
            loaded_.warnings.push_back(Warning{at(note.at), std::move(note.message)});
        }
        loaded_.printed = std::move(outcome.printed);
        names_read_ = std::move(outcome.names_read);
        for (auto& [name, binding] : outcome.bindings) {
            const bool known = find_key(name) != nullptr;
            if (!binding.plain) {
                if (known && binding.kind != "module") {
                    not_values_.push_back(
                        {at(binding.key), fmt::format("'{}' is a {} here and no value", name, binding.kind)});
                }
                continue;
            }
            Setting setting{name, std::move(binding.value), at(binding.key), at(binding.value_at), {}};
            for (const auto& place : binding.items) {
                setting.items_at.push_back(at(place));
            }
            if (known || (binding.assigned_directly && !names_read_.contains(name) && !name.starts_with('_'))) {
                add(std::move(setting));
            }
        }
        for (auto& complaint : not_values_) {
            loaded_.warnings.push_back(Warning{std::move(complaint.where), std::move(complaint.message)});
        }
    }

    void take(Settings plain)
    {
        for (auto& setting : plain.entries) {
            auto name = setting.key;
            std::ranges::replace(name, '-', '_');
            if (name != setting.key) {
                loaded_.warnings.push_back(
                    Warning{setting.key_at, fmt::format("the key '{}' is read as '{}'; a name cannot have hyphens",
                                                        setting.key, name)});
            }
            setting.key = std::move(name);
            add(std::move(setting));
        }
    }

    void apply_overrides()
    {
        for (auto& entry : overrides_) {
            const auto value_column = static_cast<std::uint32_t>(entry.source->text.find('=') + 2);
            Setting setting{entry.key,
                            std::move(entry.value),
                            Location{entry.source, {1, 1}},
                            Location{entry.source, {1, value_column}},
                            {}};
            if (find_key(entry.key) != nullptr || !names_read_.contains(entry.key)) {
                add(std::move(setting));
            }
        }
    }

    void warn_unknown()
    {
        for (const auto& setting : settings_.entries) {
            if (find_key(setting.key) != nullptr) {
                continue;
            }
            const auto shown = setting.key.substr(0, 60);
            const auto nearest = nearest_key(setting.key);
            loaded_.warnings.push_back(
                Warning{setting.key_at, nearest.empty()
                                            ? fmt::format("'{}' is no known key and has no effect", shown)
                                            : fmt::format("'{}' is no known key and has no effect; the nearest is '{}'",
                                                          shown, nearest)});
        }
    }

    SourcePtr source_;
    const Options& options_;
    python::Environment environment_;
    std::vector<Override> overrides_;
    std::vector<Complaint> not_values_;
    std::set<std::string> names_read_;
    Settings settings_;
    Loaded loaded_;
};

} // namespace

base::Result<Loaded> load_text(std::string text, std::string file_name, const Options& options)
{
    auto source = std::make_shared<const Source>(Source{std::move(file_name), std::move(text)});
    auto loaded = Loader{source, options}.run();
    if (!loaded) {
        return base::fail("{}", render(loaded.error().where, loaded.error().message));
    }
    return std::move(*loaded);
}

base::Result<Loaded> load_file(const std::string& path, const Options& options)
{
    return load_text(WINDSOR_TRY(read_config_file(path, "domain configuration")), path, options);
}

} // namespace windsor::config
