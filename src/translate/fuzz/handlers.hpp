// SPDX-License-Identifier: GPL-2.0-or-later
// This file writes the handlers of the worlds of random programs. A handler asks the harness at a port how to go on,
// and leaves by the exit that it then finds in the control page. It changes no register that the exit does not need.
#pragma once

#include "translate/fuzz/world.hpp"

namespace windsor::translate::fuzzing {

namespace detail {

// This writes the bytes of a handler one after the other.
class Handler {
public:
    Handler(Image& image, std::uint64_t at) : image_{image}, at_{at} {}
    Handler& code(std::initializer_list<int> bytes)
    {
        image_.code(at_, bytes);
        at_ += bytes.size();
        return *this;
    }
    // Writes an instruction that ends with an address.
    Handler& code16(std::initializer_list<int> bytes, std::uint64_t address)
    {
        code(bytes);
        image_.put<std::uint16_t>(at_, static_cast<std::uint16_t>(address));
        at_ += 2;
        return *this;
    }
    Handler& code32(std::initializer_list<int> bytes, std::uint64_t address)
    {
        code(bytes);
        image_.put<std::uint32_t>(at_, static_cast<std::uint32_t>(address));
        at_ += 4;
        return *this;
    }
    void jump_to_common() { code32({0xe9}, kCommon - (at_ + 5)); }

private:
    Image& image_;
    std::uint64_t at_;
};

inline Handler exit_of(Image& image, Exit exit)
{
    return {image, exit_at(exit)};
}

} // namespace detail

inline void put_handlers64(Image& image)
{
    using detail::exit_of;
    detail::Handler{image, kCommon}
        .code32({0x48, 0x89, 0x24, 0x25}, control::kSaved) // mov [saved], rsp
        .code({0xe6, kDispatchPort})
        .code32({0xff, 0x24, 0x25}, control::kExit); // jmp [exit]
    detail::Handler entry{image, kEntries};
    entry.code32({0x48, 0x8b, 0x24, 0x25}, control::kKernelStack).code({0x6a, int{kNoFrame}}).jump_to_common();
    const auto prepared = [&](Exit exit) {
        detail::Handler handler = exit_of(image, exit);
        handler.code({0x8e, 0x04, 0x25}).code32({}, control::kEs);
        return handler;
    };
    const auto stack = [](detail::Handler& handler) { handler.code32({0x48, 0x8b, 0x24, 0x25}, control::kFrame); };
    detail::Handler iret = prepared(Exit::Iret);
    iret.code32({0x8e, 0x1c, 0x25}, control::kDs);
    stack(iret);
    iret.code({0x48, 0xcf});
    detail::Handler far_return = prepared(Exit::FarReturn);
    stack(far_return);
    far_return.code32({0xff, 0x34, 0x25}, control::kFlags).code({0x9d, 0x48, 0xcb}); // push [flags]; popfq; retfq
    for (const bool wide : {false, true}) {
        detail::Handler sysret = exit_of(image, wide ? Exit::SysRetLong : Exit::SysRet);
        sysret.code32({0x48, 0x8b, 0x0c, 0x25}, control::kRcx).code32({0x4c, 0x8b, 0x1c, 0x25}, control::kR11);
        stack(sysret);
        wide ? sysret.code({0x48, 0x0f, 0x07}) : sysret.code({0x0f, 0x07});
        detail::Handler sysexit = exit_of(image, wide ? Exit::SysExitLong : Exit::SysExit);
        stack(sysexit);
        sysexit.code32({0xff, 0x34, 0x25}, control::kFlags).code({0x9d});
        sysexit.code32({0x48, 0x8b, 0x0c, 0x25}, control::kRcx).code32({0x48, 0x8b, 0x14, 0x25}, control::kRdx);
        wide ? sysexit.code({0x48, 0x0f, 0x35}) : sysexit.code({0x0f, 0x35});
    }
    exit_of(image, Exit::Resume).code({0x48, 0x83, 0xc4, 8, 0x48, 0xcf}); // add rsp, 8; iretq
    exit_of(image, Exit::ResumeWithError).code({0x48, 0x83, 0xc4, 16, 0x48, 0xcf});
}

inline void put_handlers32(Image& image)
{
    using detail::exit_of;
    detail::Handler{image, kCommon}
        .code({0x1e})                                   // push ds
        .code32({0x2e, 0x8e, 0x1d}, control::kKernelDs) // mov ds, cs:[kernel data]
        .code32({0x89, 0x25}, control::kSaved)          // mov [saved], esp
        .code({0xe6, kDispatchPort})
        .code32({0xff, 0x25}, control::kExit);
    detail::Handler entry{image, kEntries};
    entry.code32({0x2e, 0x8b, 0x25}, control::kKernelStack).code({0x6a, int{kNoFrame}}).jump_to_common();
    // An exit loads ES, then SS with the stack pointer, and DS last, because the handler reads memory by DS until then.
    const auto stack = [](detail::Handler& handler) { handler.code32({0x0f, 0xb2, 0x25}, control::kFrame); };
    detail::Handler iret = exit_of(image, Exit::Iret);
    iret.code32({0x8e, 0x05}, control::kEs);
    stack(iret);
    iret.code32({0x8e, 0x1d}, control::kDs).code({0xcf});
    detail::Handler far_return = exit_of(image, Exit::FarReturn);
    stack(far_return);
    far_return.code32({0xff, 0x35}, control::kFlags).code({0x9d}).code32({0x8e, 0x1d}, control::kDs).code({0xcb});
    detail::Handler sysexit = exit_of(image, Exit::SysExit);
    stack(sysexit);
    sysexit.code32({0xff, 0x35}, control::kFlags).code({0x9d});
    sysexit.code32({0x8b, 0x0d}, control::kRcx).code32({0x8b, 0x15}, control::kRdx).code32({0x8e, 0x1d}, control::kDs);
    sysexit.code({0x0f, 0x35});
    exit_of(image, Exit::Resume).code({0x1f, 0x83, 0xc4, 4, 0xcf}); // pop ds; add esp, 4; iretd
    exit_of(image, Exit::ResumeWithError).code({0x1f, 0x83, 0xc4, 8, 0xcf});
    for (const unsigned task : {0u, 1u}) { // push [flags]; popfd; jmp task
        exit_of(image, task == 0 ? Exit::TaskA : Exit::TaskB)
            .code32({0xff, 0x35}, control::kFlags)
            .code({0x9d})
            .code32({0xea}, 0)
            .code16({}, selector::kTss[task]);
    }
}

// Real mode has no system calls and no gates, so that interrupts are all that handlers are for.
inline void put_handlers16(Image& image)
{
    using detail::exit_of;
    detail::Handler{image, kCommon}
        .code({0x1e})
        .code16({0x2e, 0x8e, 0x1e}, control::kKernelDs)
        .code16({0x89, 0x26}, control::kSaved)
        .code({0xe6, kDispatchPort})
        .code16({0xff, 0x26}, control::kExit);
    detail::Handler iret = exit_of(image, Exit::Iret);
    iret.code16({0x8e, 0x06}, control::kEs)
        .code16({0x0f, 0xb2, 0x26}, control::kFrame)
        .code16({0x8e, 0x1e}, control::kDs)
        .code({0xcf});
    exit_of(image, Exit::Resume).code({0x1f, 0x83, 0xc4, 2, 0xcf});
    exit_of(image, Exit::ResumeWithError).code({0x1f, 0x83, 0xc4, 4, 0xcf});
}

// Returns a world before a program has been put into it.
inline Image make_image(const World& world)
{
    Image image;
    detail::put_stubs(image, world);
    detail::put_gates(image, world);
    switch (world.kind) {
    case Kind::Long:
        put_handlers64(image);
        break;
    case Kind::Protected:
        put_handlers32(image);
        break;
    case Kind::Real:
        put_handlers16(image);
        break;
    }
    if (world.kind != Kind::Real) {
        detail::put_descriptors(image, world);
        detail::put_page_tables(image, world);
    }
    image.put<std::uint16_t>(control::kKernelDs, world.kind == Kind::Real ? std::uint16_t{0} : selector::kKernelData);
    image.put<std::uint64_t>(control::kKernelStack, kHandlerStack);
    for (std::uint64_t at = 0; at < 8 * kPage; at += 8) { // the data are numbers and pointers to them
        image.put<std::uint64_t>(kData + at, (at & 8) != 0 ? kData + (at & 0x3fff) : at * 0x9e3779b97f4a7c15);
    }
    return image;
}

// Returns the state in which a world begins: its kernel enters the handler that asks what to do.
inline vcpu::CpuState start_state(const World& world, const vcpu::CpuModel& model)
{
    using x86::Attributes;
    vcpu::CpuState state = vcpu::reset_state(model.signature());
    state.rip = kEntries;
    state.gdtr = {.base = kGdt, .limit = 0xff};
    state.idtr = {.base = kIdt, .limit = 0xfff};
    if (world.kind == Kind::Real) {
        state.segment(x86::Seg::Cs).selector = 0;
        state.segment(x86::Seg::Cs).base = 0;
        state.idtr = {.base = 0, .limit = 0x3ff};
        state.rip = kStubs + 8 * kNoFrame;
        state.gpr[x86::kRsp] = kHandlerStack;
        return state;
    }
    const bool wide = world.kind == Kind::Long;
    for (x86::Segment& segment : state.segments) {
        segment = {.selector = selector::kKernelData,
                   .base = 0,
                   .limit = 0xffffffff,
                   .attributes = Attributes::from_word(0xc093)};
    }
    state.segment(x86::Seg::Cs) = {.selector = selector::kKernelCode,
                                   .base = 0,
                                   .limit = 0xffffffff,
                                   .attributes = Attributes::from_word(wide ? 0xa09b : 0xc09b)};
    state.tr = {
        .selector = selector::kTss[0], .base = kTss[0], .limit = 0x88, .attributes = Attributes::from_word(0x8b)};
    state.ldtr = {.selector = selector::kLdt, .base = kLdt, .limit = 0xff, .attributes = Attributes::from_word(0x82)};
    state.cr0 |= x86::cr0::kPe | (world.paging != Paging::None ? x86::cr0::kPg | x86::cr0::kWp : 0);
    state.cr4 = (world.paging == Paging::Pae ? x86::cr4::kPae : x86::cr4::kPse) | x86::cr4::kPge;
    state.cr3 = wide ? kPml4 : world.paging == Paging::Pae ? kPaePdpt : kPd32;
    state.pdptes = {kPd | 1, 0, 0, kTopPd | 1};
    state.efer = x86::efer::kNxe | x86::efer::kSce | (wide ? x86::efer::kLme | x86::efer::kLma : 0);
    state.star = std::uint64_t{selector::kUser32 | 3} << 48 | std::uint64_t{selector::kKernelCode} << 32;
    state.lstar = kEntries;
    state.cstar = kEntries;
    state.fmask = x86::rflags::kIf | x86::rflags::kTf | x86::rflags::kDf | x86::rflags::kAc | x86::rflags::kNt;
    state.sysenter_cs = selector::kKernelCode;
    state.sysenter_eip = kEntries;
    state.sysenter_esp = kHandlerStack;
    return state;
}

} // namespace windsor::translate::fuzzing
