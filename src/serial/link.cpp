// SPDX-License-Identifier: GPL-2.0-or-later
#include "serial/link.hpp"

namespace windsor::serial {

const char* sentence_for(std::uint8_t note)
{
    switch (static_cast<Note>(note)) {
    case Note::Connected: return "is connected";
    case Note::Left: return "has lost its other end";
    case Note::Unreachable: return "cannot be connected at present; that is tried again";
    case Note::Refused: return "has refused a client, as it has one already";
    case Note::Full: return "has filled its file, which takes no more";
    case Note::Failed: return "can no longer write to its other end, and what the guest sends is lost";
    }
    return nullptr;
}

} // namespace windsor::serial
