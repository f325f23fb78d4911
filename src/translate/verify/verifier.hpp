// SPDX-License-Identifier: GPL-2.0-or-later
// The verifier is a second reader of emitted code, which shares nothing with what wrote it: it decodes the finished
// block, follows every way through it, and proves that each does no more than the policy in
// docs/how-translation-works.md allows.
#pragma once

#include "translate/verify/evaluator.hpp"

#include <optional>
#include <string>
#include <vector>

namespace windsor::translate::verify {

struct Violation {
    std::uint32_t offset{0}; // where the host instruction begins in the code
    const char* what{""};
};

class Verifier {
public:
    explicit Verifier(Layout layout);
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;

    // Follows every way through the block. Returns nothing if all of them are allowed, otherwise the first violation.
    std::optional<Violation> verify(const BlockView& block);
    // Returns a sentence that says what is wrong, where, and for which guest address.
    static std::string explain(const BlockView& block, const Violation& violation);
    const Layout& layout() const { return layout_; }

private:
    // A node keeps what is known at a place where ways meet.
    struct Node {
        State state;
        std::uint32_t offset{0};
        bool reached{false};
        bool pending{false};
    };
    enum class Byte : std::uint8_t { Unread, First, Inner };
    // Code in one piece.
    struct Region {
        std::span<const std::uint8_t> code;
        std::uint32_t begin{0}; // the offset of its first byte
        std::uint64_t address{0};

        std::uint32_t end() const { return begin + static_cast<std::uint32_t>(code.size()); }
        bool has(std::int64_t offset) const { return offset >= begin && offset < end(); }
    };

    [[nodiscard]] bool follow_all();
    void prepare();
    Region region_of(std::uint32_t offset) const;
    std::size_t size() const;
    enum class Looked : std::uint8_t { No, Yes }; // whether signals have been looked at before the entry
    State entry_state(std::uint32_t offset, Looked looked) const;
    Node& node_at(std::uint32_t offset);
    void schedule(Node& node);
    [[nodiscard]] bool pop(std::uint32_t& offset);
    [[nodiscard]] bool go(std::uint32_t source, std::uint32_t target, State& state);
    [[nodiscard]] bool follow(std::uint32_t offset);
    enum class Next : std::uint8_t { On, End, Failed };
    Next step(std::uint32_t offset, const HostInstruction& i);
    Next conditional(std::uint32_t offset, const HostInstruction& i);
    Next jump(std::uint32_t offset, const HostInstruction& i);
    [[nodiscard]] bool mark(std::uint32_t offset, unsigned length);
    [[nodiscard]] bool leave_to(std::uint64_t target, std::uint32_t offset);
    [[nodiscard]] bool help(std::uint32_t offset);
    [[nodiscard]] bool cross(std::uint32_t offset);
    [[nodiscard]] bool resume(std::uint32_t offset, const SideExitView& exit);
    void after_guest(const HostInstruction* i, State& state, std::uint32_t offset);
    void move_stack(State& state, const HostInstruction& i, std::uint32_t offset);
    void open_group(const SideExitView& exit, State& state, const State& before, std::uint32_t offset);
    [[nodiscard]] bool registers_in_place();
    [[nodiscard]] bool may_leave_by(const char* unlooked);
    const LinkView* link_at(std::uint32_t displacement);
    // Returns where the code goes on after a fault of the instruction, if it does.
    std::optional<std::uint32_t> after_fault(std::uint32_t offset) const;
    [[nodiscard]] bool links_in_place();
    [[nodiscard]] bool late_in_place();
    bool refuse(std::uint32_t offset, const char* why)
    {
        violation_ = {offset, why};
        return false;
    }

    Layout layout_;
    Evaluator evaluator_;
    InstructionReader host_{InstructionReader::Mode::Long64};
    InstructionReader wide_guest_{InstructionReader::Mode::Long64};
    InstructionReader narrow_guest_{InstructionReader::Mode::Protected32};
    const BlockView* block_{nullptr};
    State state_;
    Violation violation_;
    std::vector<Byte> bytes_;
    std::vector<std::int32_t> node_of_; // the number of the node at each offset; -1: there is none
    std::vector<Node> nodes_;
    std::size_t used_{0}; // how many of the nodes this block has
    // These are the offsets of nodes that have yet to be followed. Cold code comes first, from the node that was
    // scheduled last, and then the body, from the node that is nearest to its beginning.
    std::vector<std::uint32_t> cold_;
    std::vector<std::uint32_t> body_;
    // A jump has led to these offsets after their code was read, so that the next pass has nodes there from the start.
    std::vector<std::uint32_t> joins_;
    std::vector<bool> linked_; // which links have been met as the targets of jumps
    std::uint32_t cold_from_{0}; // what lies behind the last place where C++ resumes is taken for cold code
};

} // namespace windsor::translate::verify
