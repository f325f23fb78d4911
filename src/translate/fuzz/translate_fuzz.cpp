// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes are taken for a guest. The translator has to end in the state in which the interpreter ends, and translated
// code has to stay in the guest's memory.
#include "translate/fuzz/pair.hpp"
#include "translate/fuzz/watch.hpp"

#include <cstdio>

namespace {

using namespace windsor::translate;

// The machines are kept, because to make them costs far more than to run a program in them.
struct Bench {
    Bench()
    {
        const std::vector<std::uint8_t> first = fuzzing::first_program();
        static_cast<void>(pair.play(fuzzing::read_program(first)));
        fuzzing::Watch::begin({&pair.translator()});
    }
    fuzzing::Pair pair;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static Bench bench;
    if (size < 2) {
        return 0;
    }
    const std::string differences = bench.pair.play(fuzzing::read_program({data, size}));
    if (!differences.empty()) {
        static_cast<void>(std::fputs(differences.c_str(), stderr));
        __builtin_trap();
    }
    return 0;
}
