// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/machine.hpp"
#include "engines/choice.hpp"
#include "engines/engines.hpp"

#include <gtest/gtest.h>

#include <string>

namespace windsor::engines {

namespace {

class NoTrace final : public emulate::TraceSink {
public:
    void instruction(const vcpu::CpuState&, const emulate::Insn&) override {}
};

class EnginesTest : public ::testing::Test {
protected:
    base::Result<Engines> make(Type type, std::size_t processors, const Settings& settings = {})
    {
        const vcpu::EngineParts one{.memory = memory, .io = io, .model = model, .clock = clock, .signals = signals};
        const std::vector<vcpu::EngineParts> parts(processors, one);
        return engines::make(type, parts, settings, log);
    }
    // Why it cannot be; empty: it can.
    std::string refusal(Type type, std::size_t processors, const Settings& settings)
    {
        const auto made = make(type, processors, settings);
        return made ? std::string{} : std::string{made.error().message()};
    }

    memory::GuestMemory memory;
    conformance::FakeIo io;
    vcpu::CpuModel model{vcpu::CpuModel::standard()};
    base::ManualClock clock;
    vcpu::Signals signals;
    base::Log log{base::Log::discard()};
};

TEST_F(EnginesTest, HaveNamesThatLeadBackToThem)
{
    for (const Type type : {Type::Emulate, Type::Translate, Type::Kvm}) {
        EXPECT_EQ(type_named(name_of(type)), type);
    }
    EXPECT_EQ(name_of(Type::Translate), "translate");
    for (const std::string_view name : {"", "auto", "Kvm", "kvm "}) {
        EXPECT_FALSE(type_named(name).has_value()) << name;
    }
}

TEST_F(EnginesTest, AreMadeOneForEachProcessor)
{
    for (const Type type : {Type::Emulate, Type::Translate}) {
        const auto engines = make(type, 3);
        ASSERT_TRUE(engines.has_value()) << engines.error().message();
        EXPECT_EQ(engines->size(), 3u);
        EXPECT_EQ(&engines->front()->signals(), &signals);
    }
}

TEST_F(EnginesTest, TakeTheModelAsItIsWhereTheyAreSoftware)
{
    for (const Type type : {Type::Emulate, Type::Translate}) {
        const auto fitted = fit_model(type, model);
        ASSERT_TRUE(fitted.has_value());
        EXPECT_EQ(fitted->signature(), model.signature());
    }
}

TEST_F(EnginesTest, TraceOneProcessorWithoutHardware)
{
    const Settings traced{.trace = std::make_shared<NoTrace>()};
    EXPECT_EQ(refusal(Type::Emulate, 1, traced), "");
    EXPECT_EQ(refusal(Type::Translate, 1, traced), "");
    EXPECT_NE(refusal(Type::Emulate, 2, traced).find("vcpus = 1"), std::string::npos);
    EXPECT_NE(refusal(Type::Translate, 2, traced).find("vcpus = 1"), std::string::npos);
    EXPECT_NE(refusal(Type::Kvm, 1, traced).find("engine = 'translate'"), std::string::npos);
}

TEST_F(EnginesTest, LeaveKnownClassesToTheInterpreter)
{
    EXPECT_EQ(refusal(Type::Translate, 1, {.interpreted = "shift,stack"}), "");
    EXPECT_NE(refusal(Type::Translate, 1, {.interpreted = "shift,moves of the moon"}).find("'interpret'"),
              std::string::npos);
    EXPECT_EQ(refusal(Type::Emulate, 1, {.interpreted = "anything"}), "") << "all of them are";
}

TEST(EngineChoice, IsWhatIsAskedForWithTheReason)
{
    const auto translator = choose(Type::Translate, "/nonexistent");
    ASSERT_TRUE(translator.has_value());
    EXPECT_EQ(translator->type, Type::Translate);
    EXPECT_EQ(translator->name, "translate");
    EXPECT_EQ(translator->line, "engine: translate (the translator, as asked for)");
    const auto interpreter = choose(Type::Emulate, "/nonexistent");
    ASSERT_TRUE(interpreter.has_value());
    EXPECT_EQ(interpreter->type, Type::Emulate);
}

// Hardware if it is of use here, and never the interpreter.
TEST(EngineChoice, IsMadeWhereNothingIsAskedFor)
{
    const auto choice = choose(std::nullopt, ::testing::TempDir());
    ASSERT_TRUE(choice.has_value());
    EXPECT_NE(choice->type, Type::Emulate);
    EXPECT_EQ(type_named(choice->name), choice->type);
    EXPECT_TRUE(choice->line.starts_with("engine: " + choice->name + " (")) << choice->line;
}

} // namespace

} // namespace windsor::engines
