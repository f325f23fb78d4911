// SPDX-License-Identifier: GPL-2.0-or-later
// The fast ways of Cpu to registers and memory; included by cpu.hpp.
#pragma once

#include "emulate/core/cpu.hpp"

#include <bit>
#include <cstring>

namespace windsor::emulate {

static_assert(std::endian::native == std::endian::little);

template <typename T> void Cpu::set_reg(unsigned number, T value)
{
    if constexpr (sizeof(T) >= 4) {
        s.gpr[number] = value;
    } else {
        std::memcpy(&s.gpr[number], &value, sizeof value);
    }
}

inline std::uint8_t Cpu::reg8(unsigned number, bool rex) const
{
    return static_cast<std::uint8_t>(rex || number < 4 || number > 7 ? s.gpr[number] : s.gpr[number - 4] >> 8);
}

inline std::uint64_t Cpu::code_mask() const
{
    return mode_ == Mode::Long ? ~std::uint64_t{0} : 0xffffffff;
}

inline std::uint64_t Cpu::stack_mask() const
{
    return stack_size_ == 8 ? ~std::uint64_t{0} : stack_size_ == 4 ? 0xffffffff : 0xffff;
}

inline Outcome Cpu::jump(std::uint64_t rip)
{
    if (mode_ == Mode::Long) {
        if (static_cast<std::uint64_t>(static_cast<std::int64_t>(rip << 16) >> 16) != rip) [[unlikely]] {
            return raise(x86::Exception::Gp, 0);
        }
    } else {
        rip &= 0xffffffff;
        if (rip > code_limit_) [[unlikely]] {
            return raise(x86::Exception::Gp, 0);
        }
    }
    s.rip = rip;
    return Outcome::Jump;
}

inline std::uint64_t Cpu::effective_address(const Insn& insn) const
{
    auto address = static_cast<std::uint64_t>(insn.displacement);
    if (insn.base != kNoRegister) {
        address += s.gpr[insn.base];
    }
    if (insn.index != kNoRegister) {
        address += s.gpr[insn.index] << insn.scale;
    }
    if (insn.rip_relative) {
        address += s.rip + insn.length;
    }
    if (insn.address_size == 4) {
        return address & 0xffffffff;
    }
    return insn.address_size == 2 ? address & 0xffff : address;
}

template <typename T> bool Cpu::read(x86::Seg seg, std::uint64_t offset, T& value)
{
    const SegmentWindow& window = windows_[static_cast<unsigned>(seg)];
    if (offset + sizeof(T) <= window.read_end) [[likely]] {
        const x86::Linear linear = (window.base + offset) & linear_mask_;
        const TlbEntries& entries = *program_.entries;
        const std::size_t at = TlbEntries::index(linear);
        if (tag::admits(entries.read[at], linear, sizeof(T))) [[likely]] {
            std::memcpy(&value, entries.host_address(at, linear), sizeof(T));
            return true;
        }
    }
    x86::Linear linear;
    return linearize(seg, offset, sizeof(T), Intent::Read, linear) &&
           read_slow(linear, &value, sizeof(T), Intent::Read, program_.set);
}

template <typename T> bool Cpu::write(x86::Seg seg, std::uint64_t offset, T value)
{
    const SegmentWindow& window = windows_[static_cast<unsigned>(seg)];
    if (offset + sizeof(T) <= window.write_end) [[likely]] {
        const x86::Linear linear = (window.base + offset) & linear_mask_;
        const TlbEntries& entries = *program_.entries;
        const std::size_t at = TlbEntries::index(linear);
        if (tag::admits(entries.write[at], linear, sizeof(T))) [[likely]] {
            std::memcpy(entries.host_address(at, linear), &value, sizeof(T));
            return true;
        }
    }
    x86::Linear linear;
    return linearize(seg, offset, sizeof(T), Intent::Write, linear) &&
           write_slow(linear, &value, sizeof(T), program_.set);
}

template <typename T> bool Cpu::read_for_write(x86::Seg seg, std::uint64_t offset, T& value)
{
    x86::Linear linear;
    return linearize(seg, offset, sizeof(T), Intent::ReadForWrite, linear) &&
           read_linear_for_write(linear, value, As::Program);
}

template <typename T> bool Cpu::locate_for_write(x86::Seg seg, std::uint64_t offset, std::uint8_t*& host)
{
    const SegmentWindow& window = windows_[static_cast<unsigned>(seg)];
    if (offset + sizeof(T) <= window.write_end) [[likely]] {
        const x86::Linear linear = (window.base + offset) & linear_mask_;
        const TlbEntries& entries = *program_.entries;
        const std::size_t at = TlbEntries::index(linear);
        if (tag::admits(entries.write[at], linear, sizeof(T))) [[likely]] {
            host = entries.host_address(at, linear);
            return true;
        }
    }
    host = nullptr;
    return true;
}

template <typename T> bool Cpu::read_linear(x86::Linear linear, T& value, As as)
{
    const TlbEntries& entries = tlb_.set(set_for(as));
    const std::size_t at = TlbEntries::index(linear);
    if (tag::admits(entries.read[at], linear, sizeof(T))) [[likely]] {
        std::memcpy(&value, entries.host_address(at, linear), sizeof(T));
        return true;
    }
    return read_slow(linear, &value, sizeof(T), Intent::Read, set_for(as));
}

template <typename T> bool Cpu::write_linear(x86::Linear linear, T value, As as)
{
    const TlbEntries& entries = tlb_.set(set_for(as));
    const std::size_t at = TlbEntries::index(linear);
    if (tag::admits(entries.write[at], linear, sizeof(T))) [[likely]] {
        std::memcpy(entries.host_address(at, linear), &value, sizeof(T));
        return true;
    }
    return write_slow(linear, &value, sizeof(T), set_for(as));
}

template <typename T> bool Cpu::read_linear_for_write(x86::Linear linear, T& value, As as)
{
    const TlbEntries& entries = tlb_.set(set_for(as));
    const std::size_t at = TlbEntries::index(linear);
    if (tag::admits(entries.write[at], linear, sizeof(T))) [[likely]] {
        std::memcpy(&value, entries.host_address(at, linear), sizeof(T));
        return true;
    }
    return read_slow(linear, &value, sizeof(T), Intent::ReadForWrite, set_for(as));
}

template <typename T> bool Cpu::push(T value)
{
    const std::uint64_t mask = stack_mask();
    const std::uint64_t top = (s.gpr[x86::kRsp] - sizeof(T)) & mask;
    if (!write(x86::Seg::Ss, top, value)) {
        return false;
    }
    s.gpr[x86::kRsp] = (s.gpr[x86::kRsp] & ~mask) | top;
    return true;
}

template <typename T> bool Cpu::pop(T& value)
{
    const std::uint64_t mask = stack_mask();
    const std::uint64_t top = s.gpr[x86::kRsp] & mask;
    if (!read(x86::Seg::Ss, top, value)) {
        return false;
    }
    s.gpr[x86::kRsp] = (s.gpr[x86::kRsp] & ~mask) | ((top + sizeof(T)) & mask);
    return true;
}

} // namespace windsor::emulate
