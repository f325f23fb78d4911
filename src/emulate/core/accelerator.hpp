// SPDX-License-Identifier: GPL-2.0-or-later
// What an engine implements that runs code in its own way and leaves everything rare to the interpreter.
#pragma once

#include "emulate/core/block_cache.hpp"
#include "emulate/memory/tlb.hpp"
#include "x86/address.hpp"

#include <cstdint>
#include <span>

namespace windsor::emulate {

class Accelerator {
public:
    virtual ~Accelerator() = default;

    // Runs from the processor's current state on, until something between instructions has to be looked at.
    // False: nothing was run, and the interpreter shall run a block.
    virtual bool accelerate() = 0;

    // A page flagged kPageCode was written, by the processor itself or behind its back.
    virtual BlockCache::Effect written(const std::uint8_t* host_page, unsigned offset, unsigned size) = 0;
    // The same for a page that is held as a page table. False: it is no longer held as one.
    virtual bool tables_written(const std::uint8_t* /*host_page*/, unsigned /*offset*/, unsigned /*size*/)
    {
        return false;
    }
    virtual bool holds_tables(const std::uint8_t* /*host_page*/) const { return false; }
    // The page is held from now on, and stores to it have to be told. True: translated code may have stored there
    // without telling until now.
    virtual bool page_held(const std::uint8_t* /*host_page*/) { return false; }
    // Linear addresses may lead elsewhere now: the TLB has been flushed, or one page of it by INVLPG.
    virtual void flushed(Flush what) = 0;
    virtual void page_invalidated(x86::Linear linear) = 0;
    // Forgets all code, or all outside the stretches of host memory that the guest can still see.
    virtual void drop_all() = 0;
    virtual void keep_only(std::span<const std::span<const std::uint8_t>> visible) = 0;
};

} // namespace windsor::emulate
