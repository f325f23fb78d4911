// SPDX-License-Identifier: GPL-2.0-or-later
// Another processor writes code without telling, as it has not heard yet that the code is held. A processor that
// serializes runs what has been written even so. SDM volume 3A, section 8.1.3.
#include "conformance/guest.hpp"
#include "conformance/other_processor.hpp"

namespace windsor::conformance {

namespace x86a = asmjit::x86;

namespace {

constexpr std::uint32_t kFunction = 0x70000; // a page of its own
constexpr unsigned kVersions = 12;           // more than a page loses its code before it is kept for more

class UnheededHolds : public testing::TestWithParam<EngineKind> {
protected:
    WINDSOR_MAY_BE_EXCUSED(GetParam())

    // Calls the function, which gives its version, and writes that to a port. There the version is changed. Then the
    // program serializes, and calls again.
    void run()
    {
        other.heeds_at_once = false;
        guest.make_long();
        guest.put(kFunction, {0xb8, 0, 0, 0, 0, 0xc3});
        guest.on_port = [&](std::uint16_t port) {
            EXPECT_EQ(guest.ports[port] & 0xff, version) << "an old version has run";
            guest.ram().data()[kFunction + 1] = static_cast<std::uint8_t>(++version);
            version < kVersions ? before() : last();
        };
        guest.run_to_end([this](x86a::Assembler& a) {
            const asmjit::Label again = a.newLabel();
            a.mov(x86a::esi, kVersions);
            a.mov(x86a::edi, kFunction);
            a.bind(again);
            a.call(x86a::rdi);
            a.out(0x80, x86a::al);
            a.xor_(x86a::eax, x86a::eax);
            serialize(a);
            a.dec(x86a::esi);
            a.jnz(again);
            a.call(x86a::rdi);
        });
        EXPECT_EQ(guest.reg(x86::kRax), kVersions);
        EXPECT_EQ(version, kVersions);
    }
    void tell() { guest.memory().written(base::GuestPhysical{kFunction}); }

    Guest guest{GetParam()};
    OtherProcessor other{guest.memory()};
    unsigned version{0};
    // What the other processor does after each of its stores but the last, and after the last one.
    std::function<void()> before = [this] { tell(); };
    std::function<void()> last = [] {};
    // It serializes; RAX is zero.
    Writer serialize = [](x86a::Assembler& a) { a.cpuid(); };
};
INSTANTIATE_TEST_SUITE_P(Engines, UnheededHolds, testing::ValuesIn(engine_kinds()), engine_name);

TEST_P(UnheededHolds, OfOnesOwn)
{
    before = [] {};
    run();
}

TEST_P(UnheededHolds, OfOnesOwnBehindADebugRegister)
{
    before = [] {};
    serialize = [](x86a::Assembler& a) { a.mov(x86a::dr0, x86a::rax); };
    run();
}

TEST_P(UnheededHolds, OfOnesOwnBehindALocalTable)
{
    before = [] {};
    serialize = [](x86a::Assembler& a) { a.lldt(x86a::ax); };
    run();
}

// A third processor holds the page, too: it has set the flag, but asked nobody yet.
TEST_P(UnheededHolds, OfAThird)
{
    other.set_flag(kFunction);
    before = [] {};
    run();
}

// The code is dropped again and again, and the flag of the page is cleared each time. When the third processor has set
// it anew, the other begins to store.
TEST_P(UnheededHolds, OfAThirdWhereThereWasCodeBefore)
{
    before = [this] {
        other.clear_flag(kFunction);
        tell();
        other.heed();
        other.set_flag(kFunction);
    };
    run();
}

} // namespace

} // namespace windsor::conformance
