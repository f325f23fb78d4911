// SPDX-License-Identifier: GPL-2.0-or-later
// The table of methods: that it is whole, and that requests are held against it.
#include "domain/method.hpp"

#include "domain/rpc.hpp"
#include "domain/status.hpp"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::domain {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// One that the parameter takes.
Json good_value(const Parameter& parameter)
{
    switch (parameter.kind) {
    case ValueKind::Integer: return std::min<std::int64_t>(parameter.most, 1);
    case ValueKind::Truth: return true;
    default: return parameter.words.empty() ? "all" : std::string{parameter.words.front()};
    }
}

// What is wrong with the parameter in each.
std::vector<Json> bad_values(const Parameter& parameter)
{
    std::vector<Json> values{nullptr, Json::array(), Json::object(), 1.5};
    if (parameter.kind == ValueKind::Text) {
        values.insert(values.end(), {1, true, std::string(parameter.longest + 1, 'x'), std::string("a\0b", 3)});
    }
    if (parameter.kind == ValueKind::Truth) {
        values.insert(values.end(), {0, 1, "true"});
    }
    if (parameter.kind == ValueKind::Integer) {
        values.insert(values.end(), {"1", false, 1e300, std::numeric_limits<std::uint64_t>::max()});
        values.insert(values.end(), {parameter.least - 1, parameter.most + 1});
    }
    if (!parameter.words.empty()) {
        values.insert(values.end(), {"", "ALL", "another"});
    }
    return values;
}

Json good_values(const Method& method)
{
    Json params = Json::object();
    for (const Parameter& parameter : method.parameters) {
        params[std::string{parameter.name}] = good_value(parameter);
    }
    return params;
}

TEST(Methods, EachSaysWhatItIs)
{
    ASSERT_GE(all_methods().size(), 25u);
    std::set<std::string_view> names;
    for (const Method& method : all_methods()) {
        EXPECT_TRUE(names.insert(method.name).second) << method.name << " comes twice";
        EXPECT_TRUE(method.help.ends_with('.')) << method.name;
        for (const Parameter& parameter : method.parameters) {
            EXPECT_FALSE(parameter.help.empty()) << method.name << ' ' << parameter.name;
            if (parameter.kind == ValueKind::Integer) {
                using Limits = std::numeric_limits<std::int64_t>;
                EXPECT_GT(parameter.least, Limits::min()) << method.name << ' ' << parameter.name;
                EXPECT_LT(parameter.most, Limits::max()) << method.name << ' ' << parameter.name;
            }
        }
        for (const Field& field : method.answer.fields) {
            EXPECT_FALSE(field.help.empty()) << method.name << ' ' << field.name;
        }
        EXPECT_EQ(find_method(method.name), &method);
    }
    EXPECT_EQ(find_method("nothing"), nullptr);
    EXPECT_EQ(find_method(""), nullptr);
}

TEST(Methods, TakeTheirParameters)
{
    for (const Method& method : all_methods()) {
        const auto arguments = check_parameters(method, good_values(method));
        EXPECT_TRUE(arguments) << method.name << ": " << (arguments ? "" : arguments.error().message());
    }
}

TEST(Methods, RefuseEachWrongValueByASentenceThatNamesIt)
{
    for (const Method& method : all_methods()) {
        for (const Parameter& parameter : method.parameters) {
            for (const Json& bad : bad_values(parameter)) {
                Json params = good_values(method);
                params[std::string{parameter.name}] = bad;
                const auto arguments = check_parameters(method, params);
                ASSERT_FALSE(arguments) << method.name << ' ' << parameter.name << ' ' << bad.dump().substr(0, 50);
                EXPECT_THAT(arguments.error().message(),
                            StartsWith(fmt::format("'{}' of '{}' ", parameter.name, method.name)));
            }
        }
    }
}

TEST(Methods, WantWhatHasNoDefault)
{
    for (const Method& method : all_methods()) {
        for (const Parameter& parameter : method.parameters) {
            Json params = good_values(method);
            params.erase(std::string{parameter.name});
            const auto arguments = check_parameters(method, params);
            EXPECT_EQ(arguments.has_value(), !parameter.required()) << method.name << ' ' << parameter.name;
            if (!arguments) {
                EXPECT_EQ(arguments.error().message(), fmt::format("'{}' wants the parameter '{}': {}", method.name,
                                                                   parameter.name, parameter.help));
            }
        }
    }
}

TEST(Methods, TakeNoOthers)
{
    for (const Method& method : all_methods()) {
        Json params = good_values(method);
        params["strange"] = 1;
        const auto arguments = check_parameters(method, params);
        ASSERT_FALSE(arguments) << method.name;
        EXPECT_THAT(arguments.error().message(), HasSubstr("has no parameter 'strange'; it has "));
    }
}

TEST(Methods, FillInDefaults)
{
    const auto mouse = check_parameters(*find_method("mouse"), Json{{"dx", -3}}).value();
    EXPECT_EQ(mouse.integer("dx"), -3);
    EXPECT_EQ(mouse.integer("dy"), 0);
    EXPECT_EQ(check_parameters(*find_method("save"), Json::object()).value().text("after"), "pause");
    EXPECT_FALSE(check_parameters(*find_method("migrate"), Json::object()).value().truth("paused"));
    EXPECT_EQ(check_parameters(*find_method("vcpu_pin"), Json::object()).value().text("cpus"), "all");
}

// Who may only look changes nothing: no method of that kind is one that does.
TEST(Methods, SayWhoMayCallThem)
{
    const std::set<std::string_view> looking{"rpc.discover", "look_only",     "status",           "config",
                                             "statistics",   "screen",        "screenshot",       "queued_keys",
                                             "vcpus",        "save_progress", "migrate_progress", "drives",
                                             "network",      "usb_list"};
    for (const Method& method : all_methods()) {
        EXPECT_EQ(check_permission(method, Permission::Look).has_value(), looking.contains(method.name)) << method.name;
        EXPECT_TRUE(check_permission(method, Permission::Control)) << method.name;
    }
}

// Every method in every phase.
TEST(Methods, SayWhenTheyCanBeCalled)
{
    const std::set<std::string_view> at_rest{"pause",    "unpause", "shutdown",   "reset",
                                             "vcpu_pin", "engine",  "usb_attach", "usb_detach"};
    const std::set<std::string_view> to_leave{"save", "migrate", "insert_medium", "eject_medium"};
    const auto allowed = [&](std::string_view name, Phase phase) {
        const bool runs = phase == Phase::Running || phase == Phase::Paused;
        const bool early = phase == Phase::Building || phase == Phase::Arriving;
        return at_rest.contains(name)    ? runs || phase == Phase::HandedOver
               : to_leave.contains(name) ? runs
               : name == "rename"        ? !early && phase != Phase::Moving && phase != Phase::Ended
                                         : true;
    };
    for (const Method& method : all_methods()) {
        for (const Phase phase : all_phases()) {
            const base::Status checked = check_phase(method, phase);
            EXPECT_EQ(checked.has_value(), allowed(method.name, phase)) << method.name << " while " << name_of(phase);
            if (!checked) {
                EXPECT_EQ(checked.error().message(), sentence_for(phase));
            }
        }
    }
}

TEST(Methods, AreDescribedForPrograms)
{
    const Json document = describe_methods();
    EXPECT_TRUE(fits(find_method("rpc.discover")->answer, document));
    ASSERT_EQ(document["methods"].size(), all_methods().size());
    const auto described = [&](std::string_view name) {
        for (const Json& method : document["methods"]) {
            if (method["name"] == name) {
                return method;
            }
        }
        return Json::object();
    };
    const Json mouse = described("mouse");
    EXPECT_EQ(mouse["params"][0],
              (Json{{"name", "dx"},
                    {"description", "counts to the right"},
                    {"required", false},
                    {"schema", {{"type", "integer"}, {"minimum", -10000}, {"maximum", 10000}, {"default", 0}}}}));
    EXPECT_EQ(mouse["x-permission"], "control");
    const Json save = described("save");
    EXPECT_EQ(save["params"][1]["schema"],
              (Json{{"type", "string"}, {"enum", {"pause", "go-on"}}, {"default", "pause"}}));
    EXPECT_EQ(save["x-phases"], (Json{"running", "paused"}));
    EXPECT_EQ(save["x-descriptor"], "open file");
    const Json status = described("status")["result"]["schema"];
    EXPECT_EQ(status["properties"]["vnc"]["properties"]["port"]["type"], "integer");
    EXPECT_THAT(status["required"].dump(), Not(HasSubstr("vnc")));
    EXPECT_THAT(status["required"].dump(), HasSubstr("cpu_seconds"));
    EXPECT_EQ(described("vcpus")["result"]["schema"]["items"]["properties"]["cpu"]["type"], "integer");
    EXPECT_EQ(described("statistics")["result"]["schema"]["additionalProperties"]["type"], "integer");
}

TEST(Answers, HaveTheFieldsOfTheirDescription)
{
    const Answer answer{.fields = {{"a", ValueKind::Integer, ""},
                                   {"b", ValueKind::Text, "", Presence::Sometimes},
                                   {"c", ValueKind::Objects, "", Presence::Sometimes, {{"d", ValueKind::Truth, ""}}}}};
    EXPECT_TRUE(fits(answer, {{"a", 1}}));
    EXPECT_TRUE(fits(answer, {{"a", 1}, {"b", ""}, {"c", {{{"d", true}}}}}));
    EXPECT_FALSE(fits(answer, Json::object())) << "a is missing";
    EXPECT_FALSE(fits(answer, {{"a", "1"}})) << "a is no integer";
    EXPECT_FALSE(fits(answer, {{"a", 1}, {"x", 1}})) << "x is not described";
    EXPECT_FALSE(fits(answer, {{"a", 1}, {"c", {{{"d", 1}}}}})) << "d is no truth";
    EXPECT_FALSE(fits(answer, Json::array()));
    EXPECT_TRUE(fits({.fields = {{kAnyName, ValueKind::Integer, ""}}}, {{"x", 1}, {"y", 2}}));
    EXPECT_FALSE(fits({.fields = {{kAnyName, ValueKind::Integer, ""}}}, {{"x", "1"}}));
    EXPECT_TRUE(fits({.kind = ValueKind::Integer}, 7));
    EXPECT_FALSE(fits({.kind = ValueKind::Integer}, "7"));
}

DomainStatus whole_status()
{
    return {.id = 7,
            .name = "falstaff",
            .pid = 42,
            .uuid = "00000000-0000-4000-8000-000000000001",
            .memory_mb = 512,
            .maxmem_mb = 1024,
            .vcpus = 2,
            .state = "-b----",
            .phase = "running",
            .restarts = 3,
            .cpu_seconds = 1.5,
            .started = 1'000'000,
            .uptime_seconds = 60,
            .engine = "translate",
            .engine_line = "engine: the translator",
            .sandbox = "walls",
            .warnings = {"one", "two"},
            .vnc = VncStatus{.listen = "127.0.0.1", .port = 5901, .display = 1, .password = true},
            .console = "/dev/pts/1"};
}

TEST(Status, IsReadAsItWasWritten)
{
    const Json written = to_json(whole_status());
    EXPECT_TRUE(fits(find_method("status")->answer, written)) << written;
    EXPECT_EQ(to_json(status_from(written)), written);
    EXPECT_EQ(written.size(), status_fields().size());
    const Json bare = to_json(DomainStatus{});
    EXPECT_FALSE(bare.contains("vnc"));
    EXPECT_EQ(to_json(status_from(bare)), bare);
}

// Each field with what it cannot be, as an intruder in a domain may answer.
TEST(Status, LeavesOutWhatIsNotOfItsKind)
{
    const Json written = to_json(whole_status());
    const Json fresh = to_json(DomainStatus{});
    const Json strange{1,
                       -1,
                       1.5,
                       "x",
                       true,
                       nullptr,
                       Json::array({1}),
                       Json::object({{"a", 1}}),
                       1e300,
                       std::numeric_limits<std::uint64_t>::max()};
    for (const auto& [name, value] : written.items()) {
        for (const Json& other : strange) {
            if (other.type() == value.type() || (other.is_number() && value.is_number())) {
                continue;
            }
            Json lie = written;
            lie[name] = other;
            const Json read = to_json(status_from(lie));
            const bool inner = name == "vnc" && other.is_object();
            EXPECT_EQ(read.value(name, Json{}), inner ? read[name] : fresh.value(name, Json{})) << name << ' ' << other;
        }
    }
    EXPECT_EQ(to_json(status_from(Json::array())), fresh);
    EXPECT_EQ(status_from({{"memory_mb", -1}}).memory_mb, 0u);
    EXPECT_EQ(status_from({{"vnc", {{"port", 70'000}}}}).vnc->port, 0);
    EXPECT_EQ(status_from({{"vcpus", std::numeric_limits<std::uint64_t>::max()}}).vcpus, 0);
    EXPECT_EQ(status_from({{"id", 1.0}}).id, 0u);
}

} // namespace
} // namespace windsor::domain
