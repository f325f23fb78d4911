// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/trace_file.hpp"

#include "base/whole.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace windsor::emulate {

namespace {

constexpr std::size_t kBuffer = 64 << 10;
constexpr std::string_view kHeader = "windsor trace 1\n";
constexpr std::array<std::string_view, x86::kGprCount> kNames{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                                              "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};

// A number for all vector and floating-point registers: a wrong one shows in the next line, which would take 400 bytes
// in each line otherwise.
class Digest {
public:
    // The multiplication carries upwards only: what differs in the highest bits has to come down.
    void add(std::uint64_t word)
    {
        value_ = (value_ ^ word) * 0x9e3779b97f4a7c15;
        value_ ^= value_ >> 32;
    }
    template <typename Registers> void add_all(const Registers& registers)
    {
        for (const auto& reg : registers) {
            std::array<std::uint64_t, 2> words;
            static_assert(sizeof words == sizeof reg);
            std::memcpy(words.data(), reg.data(), sizeof words);
            add(words[0]);
            add(words[1]);
        }
    }
    std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_{0};
};

// It leaves out the addresses of the last x87 instruction and its operand, which engines need not keep.
std::uint64_t digest(const x86::FxArea& fx)
{
    Digest digest;
    digest.add(std::uint64_t{fx.fcw} | std::uint64_t{fx.fsw} << 16 | std::uint64_t{fx.ftw} << 32);
    digest.add(fx.mxcsr);
    digest.add_all(fx.st);
    digest.add_all(fx.xmm);
    return digest.value();
}

void append_line(fmt::memory_buffer& text, const vcpu::CpuState& state, const Insn& insn)
{
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "{:x}:{:x} {}", state.segment(x86::Seg::Cs).selector, state.rip, mnemonic_name(insn));
    for (unsigned i = 0; i < x86::kGprCount; ++i) {
        fmt::format_to(out, " {}={:x}", kNames[i], state.gpr[i]);
    }
    fmt::format_to(out, " rflags={:x} fpu={:x}\n", state.rflags, digest(state.fx));
}

// Refuses a file that contains something else, such as a disk image: its name was probably given by mistake.
base::Status empty_older_trace(const std::string& path, int file)
{
    struct stat status{};
    const bool known = ::fstat(file, &status) == 0;
    if (known && S_ISCHR(status.st_mode)) {
        return {}; // a terminal has nothing to lose
    }
    if (!known || !S_ISREG(status.st_mode)) {
        return base::fail("{}: the trace cannot be written: it is no regular file", path);
    }
    std::array<char, kHeader.size()> begin{};
    const ssize_t length = ::pread(file, begin.data(), begin.size(), 0);
    const bool older =
        length == static_cast<ssize_t>(begin.size()) && kHeader == std::string_view{begin.data(), begin.size()};
    if (status.st_size != 0 && !older) {
        return base::fail("{}: the file is not empty, and no trace; give another name, or remove it", path);
    }
    if (::ftruncate(file, 0) != 0) {
        return base::fail("{}: the trace cannot be written: {}", path, base::errno_text(errno));
    }
    return {};
}

} // namespace

base::Result<std::unique_ptr<TraceFile>> TraceFile::create(const std::string& path, std::uint64_t limit, base::Log& log)
{
    // O_APPEND leaves no hole if another trace empties the file. O_NONBLOCK does not wait for a reader of a pipe.
    base::Fd file{::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600)};
    if (!file) {
        return base::fail("{}: the trace cannot be written: {}", path, base::errno_text(errno));
    }
    WINDSOR_TRY(empty_older_trace(path, file.get()));
    return std::unique_ptr<TraceFile>{new TraceFile{std::move(file), path, limit, log}};
}

TraceFile::TraceFile(base::Fd file, std::string path, std::uint64_t limit, base::Log& log)
    : file_{std::move(file)}, path_{std::move(path)}, left_{limit}, log_{log}
{
    text_.append(kHeader);
}

TraceFile::~TraceFile()
{
    write_out();
}

void TraceFile::instruction(const vcpu::CpuState& state, const Insn& insn)
{
    const std::uint64_t repeating = insn.rep != RepPrefix::None ? state.rip + 1 : 0;
    const bool goes_on = repeating != 0 && repeating == std::exchange(repeating_, repeating);
    repeating_ = repeating;
    if (goes_on || !file_) {
        return;
    }
    append_line(text_, state, insn);
    if (--left_ == 0) {
        write_out();
        file_.reset();
    } else if (text_.size() >= kBuffer) {
        write_out();
    }
}

void TraceFile::write_out()
{
    if (file_ && !base::write_whole(file_.get(), {text_.data(), text_.size()})) {
        log_.error("{}: the trace ends here: {}", path_, base::errno_text(errno));
        file_.reset();
    }
    text_.clear();
}

} // namespace windsor::emulate
