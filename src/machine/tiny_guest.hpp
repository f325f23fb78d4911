// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: a machine whose firmware is a few instructions of real mode, and whose first serial line is heard.
#pragma once

#include "base/test_folder.hpp"
#include "machine/machine.hpp"
#include "machine/ram.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <string>
#include <thread>
#include <vector>

namespace windsor::machine {

class Listener final : public backend::CharacterSink {
public:
    void transmit(std::uint8_t character) override
    {
        const base::MutexLock lock{mutex_};
        heard_ += static_cast<char>(character);
    }
    void input_wanted() override {}
    std::string heard() const
    {
        const base::MutexLock lock{mutex_};
        return heard_;
    }

private:
    mutable base::Mutex mutex_;
    std::string heard_ WINDSOR_GUARDED_BY(mutex_);
};

// 64 KiB of firmware. Code is put at F000:0000, where the reset vector leads; segment registers and the stack are as
// after RESET. say() sends AL.
class TinyFirmware {
public:
    TinyFirmware() : image_(0x10000, '\0') { put(0xfff0, {0xea, 0x00, 0x00, 0x00, 0xf0}); }

    void put(std::size_t at, std::initializer_list<unsigned> bytes)
    {
        for (const unsigned byte : bytes) {
            image_[at++] = static_cast<char>(byte);
        }
    }
    // Further code, behind what there is.
    void code(std::initializer_list<unsigned> bytes)
    {
        put(end_, bytes);
        end_ += bytes.size();
    }
    void say() { code({0xba, 0xf8, 0x03, 0xee}); } // mov dx, 3f8h; out dx, al
    void say(char character) { code({0xb0, static_cast<unsigned char>(character)}), say(); }
    void halt() { code({0xf4}); }

    const std::string& write()
    {
        std::ofstream{path_, std::ios::binary}.write(image_.data(), static_cast<std::streamsize>(image_.size()));
        return path_;
    }

private:
    std::vector<char> image_;
    std::size_t end_{0};
    base::TestFolder folder_;
    std::string path_{(folder_ / "firmware").string()};
};

// Runs the machine until it has said so much. Host time only bounds the wait.
inline std::string listen(Machine& machine, const Listener& listener, std::size_t characters)
{
    machine.resume();
    for (int i = 0; i < 1000 && listener.heard().size() < characters; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    machine.pause();
    return listener.heard();
}

// What the machine shows in a text mode.
inline std::string text_of(Machine& machine)
{
    const bus::MachineGuard guard{machine.lock()};
    backend::TextScreen screen;
    std::string text;
    if (machine.screen().text(screen)) {
        for (const backend::TextCell& cell : screen.cells) {
            text += static_cast<char>(cell.character);
        }
    }
    return text;
}

// Host time only bounds the wait: what is waited for has to come.
inline bool wait_for_text(Machine& machine, const std::string& wanted)
{
    for (int i = 0; i < 3000; ++i) {
        if (text_of(machine).find(wanted) != std::string::npos) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return false;
}

} // namespace windsor::machine
