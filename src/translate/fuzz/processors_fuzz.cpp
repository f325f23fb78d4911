// SPDX-License-Identifier: GPL-2.0-or-later
// Two processors run at the same time on one memory. One runs a program over and over, and the other one writes the
// program's code, page tables and descriptors meanwhile. The outcome depends on chance, but all accesses have to stay
// in the guest's memory, and both processors have to come to an end.
#include "translate/fuzz/pair.hpp"
#include "translate/fuzz/watch.hpp"

#include <atomic>
#include <chrono>
#include <future>

namespace {

using namespace windsor;
using namespace windsor::translate;
using namespace windsor::translate::fuzzing;

constexpr std::uint64_t kStorm = kRam - kPage; // the other processor's code is here
constexpr unsigned kRounds = 300;

// This is a machine with a second processor, which never asks its harness for anything.
struct Bench {
    Bench()
    {
        const std::vector<std::uint8_t> bytes = first_program();
        const Program program = read_program(bytes);
        machine.prepare(program, image_of(program.world));
        machine.engine->run();
        Watch::begin({&first(), &second()});
    }
    Translator& first() { return static_cast<Translator&>(*machine.engine); }
    Translator& second() { return static_cast<Translator&>(*other); }

    Machine machine{make_translator};
    Harness harness{machine.memory};
    windsor::vcpu::Signals signals;
    std::unique_ptr<windsor::vcpu::Engine> other = make_translator({.memory = machine.memory,
                                                                    .io = harness,
                                                                    .model = machine.model,
                                                                    .clock = machine.clock,
                                                                    .signals = signals,
                                                                    .apic_id = 1});
    std::vector<std::pair<World, Image>> images;

    const Image& image_of(const World& world)
    {
        const auto known = std::ranges::find(images, world, &std::pair<World, Image>::first);
        return known != images.end() ? known->second : images.emplace_back(world, make_image(world)).second;
    }
};

// A storm is a loop of stores: for each of some events of the program, another value in one place and then the old one
// again.
class Storm {
public:
    Storm(const Program& program, std::span<const std::uint8_t> memory)
    {
        put({0xb9});
        put32(kRounds); // mov ecx, rounds
        const std::size_t loop = code_.size();
        for (unsigned i = 0; i < 6; ++i) {
            const Event event = program.event(i);
            const std::uint64_t at = place(event, program);
            std::uint32_t before = 0;
            std::memcpy(&before, &memory[at], sizeof before);
            const std::uint32_t value =
                (event.kind & 0x40) != 0 ? event.value : before ^ std::uint32_t{event.value} << (event.kind & 0x18);
            store(at, value);
            if ((event.kind & 0x80) != 0) {
                put({0xf3, 0x90}); // pause
            }
            store(at, before);
        }
        put({0x49, 0x0f, 0x85}); // dec ecx; jnz
        put32(loop - (code_.size() + 4));
        put({0xf4});
    }
    std::span<const std::uint8_t> code() const { return code_; }

private:
    static std::uint64_t place(const Event& event, const Program& program)
    {
        const std::uint64_t entry = event.place & 0xff;
        switch (event.kind & 7) {
        case 0:
            return kPt + 8 * entry;
        case 1:
            return kPt32 + 4 * entry;
        case 2:
            return kGdt + (event.place & 0xfc);
        case 3:
            return kTss[0] + entry % 0x80;
        case 4:
            return kPd + 8 * (entry & 1);
        default:
            if (!program.pieces.empty()) {
                const Piece& piece = program.pieces[entry % program.pieces.size()];
                return piece.at + (event.place >> 8) % (piece.code.size() + 1);
            }
            return kCode + event.place % (4 * kPage);
        }
    }
    void put(std::initializer_list<int> bytes)
    {
        for (const int byte : bytes) {
            code_.push_back(static_cast<std::uint8_t>(byte));
        }
    }
    void put32(std::uint64_t value)
    {
        for (unsigned shift = 0; shift < 32; shift += 8) {
            code_.push_back(static_cast<std::uint8_t>(value >> shift));
        }
    }
    void store(std::uint64_t at, std::uint32_t value)
    {
        put({0xc7, 0x05}); // mov dword [at], value
        put32(at);
        put32(value);
    }

    std::vector<std::uint8_t> code_;
};

void play(Bench& bench, const Program& program)
{
    const World plain{fuzzing::Kind::Protected, Paging::None, Tables::Guarded};
    bench.first().set_trace(nullptr); // the translator forgets all code
    bench.second().set_trace(nullptr);
    bench.machine.prepare(program, bench.image_of(program.world));
    const Storm storm{program, bench.machine.bytes()};
    std::ranges::copy(storm.code(), bench.machine.bytes().data() + kStorm);
    vcpu::CpuState state = start_state(plain, bench.machine.model);
    state.rip = kStorm;
    bench.harness.begin(program, *bench.other);
    bench.other->signals().lower(vcpu::Signal::Stop);
    bench.other->set_state(state);
    std::atomic<bool> over{false};
    auto second = std::async(std::launch::async, [&] { bench.other->run(); });
    auto first = std::async(std::launch::async, [&] {
        for (; !over; bench.machine.begin_again(program)) {
            bench.machine.engine->run();
        }
    });
    // The program may have changed the other processor's code into a loop without an end.
    if (second.wait_for(std::chrono::seconds{2}) != std::future_status::ready) {
        bench.other->signals().raise(vcpu::Signal::Stop);
        second.wait();
    }
    over = true;
    bench.machine.engine->signals().raise(vcpu::Signal::Stop);
    first.wait();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static Bench bench;
    if (size < 60) {
        return 0;
    }
    play(bench, read_program({data, size}));
    return 0;
}
