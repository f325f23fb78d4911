// SPDX-License-Identifier: GPL-2.0-or-later
// What others ask of a virtual processor: the pins of a processor, and the requests of whoever runs it.
#pragma once

#include <atomic>
#include <cstdint>

namespace windsor::vcpu {

// What other threads, and devices during an access, ask of a processor. Bits of one atomic word.
enum class Signal : std::uint32_t {
    Stop = 1,       // leave run() with HaltReason::Stopped
    Interrupt = 2,  // the interrupt line, a level: the engine never clears it
    Nmi = 4,        // an edge: the engine clears it when it delivers
    Init = 8,       // an edge
    Sipi = 16,      // an edge; the vector is in Signals::sipi_vector()
    Attention = 32, // engine-internal work is queued (shoot-downs); it wakes nobody
};

constexpr std::uint32_t bit_of(Signal signal)
{
    return static_cast<std::uint32_t>(signal);
}

// They belong to the processor, not to its engine, and so outlive a change of engines. All calls are for any thread but
// where it says otherwise, and none takes a lock.
class Signals {
public:
    // How a running engine is made to look, where it does not by itself.
    class Kick {
    public:
        virtual ~Kick() = default;
        // From any thread; run() looks at the signals soon after.
        virtual void send() = 0;
    };

    Signals() = default;
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    void raise(Signal signal)
    {
        bits_.fetch_or(bit_of(signal), std::memory_order_seq_cst);
        if (signal == Signal::Attention) {
            return;
        }
        // Pairs with set_kick(): either this sees the kick, or run() sees the signal.
        if (Kick* const kick = kick_.load(std::memory_order_seq_cst); kick != nullptr) {
            kick->send();
        }
        bits_.notify_all();
    }
    // A start-up IPI, SDM volume 3A, section 8.4: a processor that waits for it starts at segment vector * 0x100.
    void raise_sipi(std::uint8_t vector)
    {
        sipi_vector_ = vector;
        raise(Signal::Sipi);
    }
    void lower(Signal signal) { static_cast<void>(take(signal)); }
    // Lowers it, and gives whether it was raised.
    bool take(Signal signal)
    {
        return (bits_.fetch_and(~bit_of(signal), std::memory_order_seq_cst) & bit_of(signal)) != 0;
    }
    // By a processor that does not wait for its start: a start-up IPI is lost on it, but not one behind an INIT that it
    // has not taken yet.
    void ignore_sipi()
    {
        std::uint32_t seen = bits_.load(std::memory_order_seq_cst);
        while ((seen & bit_of(Signal::Sipi)) != 0 && (seen & bit_of(Signal::Init)) == 0 &&
               !bits_.compare_exchange_weak(seen, seen & ~bit_of(Signal::Sipi), std::memory_order_seq_cst)) {
        }
    }

    bool test(Signal signal) const { return (pending() & bit_of(signal)) != 0; }
    std::uint32_t pending() const { return bits_.load(std::memory_order_seq_cst); }
    // The vector of the last start-up IPI.
    std::uint8_t sipi_vector() const { return sipi_vector_; }

    // The engine says, on the way out of run() with HaltReason::Halted, which signals would not take it any further: an
    // interrupt that is masked, say. By the processor's thread.
    void set_masked(std::uint32_t masked) { masked_ = masked | bit_of(Signal::Attention); }
    // Whether something has been raised that would.
    bool due() const { return (bits_.load(std::memory_order_acquire) & ~masked_) != 0; }
    // Sleeps until something is due; at once if it is. On the processor's thread.
    void wait() const
    {
        for (std::uint32_t seen = bits_.load(std::memory_order_acquire); (seen & ~masked_) == 0;
             seen = bits_.load(std::memory_order_acquire)) {
            bits_.wait(seen, std::memory_order_acquire);
        }
    }

    // By an engine that needs one, as run() begins and, with null, as it ends. Whoever raises from another thread holds
    // the machine lock, or is the one that exchanges engines, and that takes the lock between the end of run() and the
    // engine's: so nobody has the kick of an engine that is gone.
    void set_kick(Kick* kick) { kick_.store(kick, std::memory_order_seq_cst); }

    // Where the word is, for code that looks at it by itself.
    const void* word() const { return &bits_; }

private:
    static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

    std::atomic<std::uint32_t> bits_{0};
    std::atomic<std::uint32_t> masked_{bit_of(Signal::Attention)};
    std::atomic<std::uint8_t> sipi_vector_{0};
    std::atomic<Kick*> kick_{nullptr};
};

} // namespace windsor::vcpu
