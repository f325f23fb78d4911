// SPDX-License-Identifier: GPL-2.0-or-later
// One block on its way from guest code to host code. docs/how-translation-works.md tells the whole story.
#pragma once

#include "emulate/core/cpu.hpp"
#include "translate/cache/block.hpp"
#include "translate/cache/jump_tables.hpp"
#include "translate/decode/instruction.hpp"
#include "translate/emit/assembler.hpp"
#include "translate/emit/frame.hpp"
#include "translate/emit/stubs.hpp"
#include "translate/run/fault_handler.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

namespace windsor::translate {

// What blocks are made with and leave their links and sites in.
struct Workshop {
    emulate::Cpu& cpu;
    Frame& frame;
    const std::array<Stubs, 2>& stubs; // for other code, and for code that uses a window
    FaultTable& faults;
    JumpTables& tables;
    std::pmr::deque<Link>& links;
    std::pmr::deque<Site>& sites;
    std::pmr::deque<GroupRange>& groups;
    bool extracts; // the host has BEXTR
    const std::unordered_set<const std::uint8_t*>&
        refused; // first bytes of instructions that are left to the interpreter
    std::span<const std::uint8_t> nop; // host code for NOP
};

class Translation {
public:
    // Longest block, in instructions, and what its code may take at most, in bytes.
    static constexpr std::size_t kLongest = 64;
    static constexpr std::size_t kMostBytes = (kLongest + 1) * 640;

    // Lives on from block to block: its memory is used again.
    Translation(const Workshop& workshop, ClassMask interpreted) : shop_{workshop}, interpreted_{interpreted}
    {
        instructions_.reserve(kLongest);
    }

    // Blocks of one instruction that end up in C++ behind it, with all flags in memory: every instruction can be
    // traced.
    void set_single(bool single) { single_ = single; }

    // Reads instructions from `bytes` (the rest of a page, at guest address block.rip, or those of one instruction
    // that crosses), at most `limit`. False: not one whole instruction. `bytes` stays valid until write(). `slot` is
    // the number of the context's jump table.
    [[nodiscard]] bool read(Block& block, const Context& context, std::size_t slot, std::span<const std::uint8_t> bytes,
                            std::size_t limit);
    // Writes the code of what was read; gives its end. A cautious block uses no window, and has a second body without
    // groups for when the bytes of a group do not lie in one page: no more than half of kLongest instructions.
    std::uint8_t* write(Assembler assembler, bool cautious);

    // Of a block that has been written: whether it can be told which guest instruction the host instruction at an
    // address stands for, with all registers as that one finds them. It is written once more for that, into `room`
    // (kMostBytes) and `again`, by a Translation whose workshop takes what comes of it. `slot` as in read().
    [[nodiscard]] bool tell(Block& again, const Block& block, std::size_t slot, std::span<std::uint8_t> room,
                            const std::uint8_t* at);
    // What was told: the instruction's distance from the block's first byte, and its context.
    std::uint16_t told_offset() const { return static_cast<std::uint16_t>(told_->instruction->rip - block_->rip); }
    std::uint32_t told_context() const { return told_->context.key(); }
    // Writes the way from there to a site. Gives its end.
    std::uint8_t* write_late_way(Assembler assembler, std::uint32_t site);
    static constexpr std::size_t kLateWayBytes = 256; // at most

private:
    using Place = FlagPlace;

    // How flags that were lost can be had again while some registers are as the instruction left them: by the same
    // instruction, by a TEST of its result, or by taking it back and doing it once more.
    struct Recipe {
        enum class Kind : std::uint8_t { None, Repeat, Test, Redo };
        Kind kind{};
        const Instruction* of{nullptr};
        std::uint32_t registers{0}; // a bit each
    };

    // Code that is seldom run, after the block's own.
    struct Cold {
        enum class Kind : std::uint8_t { Site, Link, FarEdge, Interrupt };
        Kind kind{};
        std::array<std::uint8_t*, 4> from{}; // displacements that lead here; null: none
        std::uint32_t number{0};           // of the site or link
        std::uint64_t target{0};           // guest RIP
        Place flags{Place::Nowhere};       // Host or Again: they must be saved
        Recipe recipe{};                   // for Again
        std::array<const std::uint8_t*, 2> faults{}; // host instructions whose faults lead here; null: none
        std::size_t slot{0}; // of a FarEdge: the jump table, which STAC and CLAC may change later in the block
    };

    // rescue.cpp: what is told of a host instruction
    // What the registers of a string instruction hold: the guest's pointers and count, or host addresses and a piece.
    enum class Pointers : std::uint8_t { Guest, Move, MoveDown, Store, Scan };
    struct Told {
        const Instruction* instruction{nullptr};
        Context context;
        Cold cold;
        Pointers pointers{};
    };
    void may_be_refused(Pointers pointers = Pointers::Guest);
    void give_back(Pointers pointers);
    void blank_varying(std::span<std::uint8_t> code) const;

    // fixups.cpp: what of the code depends on where it is
    void mov_address(Reg to, std::uint64_t address);
    void note(Fixup::Kind kind, const std::uint8_t* at, std::uint64_t address = 0);
    void note_last(Fixup::Kind kind, std::uint64_t address = 0) { note(kind, a_.position() - 4, address); }
    void call_stub(std::uint32_t number, Fixup::Kind kind, const std::uint8_t* stub);
    void jump_to_stub(const std::uint8_t* stub);
    void finish_fixups(std::size_t first_site, std::size_t first_link);

    // translation.cpp: the block as a whole
    void find_liveness();
    Flags live_at(std::uint64_t target);
    Place entry_place() const;
    void write_entry();
    void write_body();
    void test_signals();
    void write_instruction(Instruction& i);
    void write_cold();
    void edge(std::uint64_t target, Flags live);
    void edge_at(std::uint8_t* displacement, std::uint64_t target, Flags live);
    // Gives the displacement of the way that a miss goes.
    [[nodiscard]] std::uint8_t* jump_through_table(std::uint64_t target);
    // Whether a block there lies in this page, whole: an instruction at its end may reach into the next.
    bool same_page(std::uint64_t target) const
    {
        constexpr std::uint64_t kLongestInstruction = 15;
        return ((target ^ block_->rip) >> 12) == 0 && (target & 0xfff) + kLongestInstruction <= 4096 &&
               block_->second_page == nullptr;
    }

    // flags.cpp
    void save_flags();
    void restore_flags();
    void clobber_flags();
    void lose_flags();
    void flags_for_edge(Flags live);
    void save_cold_flags(const Cold& cold);
    void keep_flags(const Instruction& i);
    void note_flags(const Instruction& i, bool native);
    static Recipe recipe_for(const Instruction& i);
    void follow(const Recipe& recipe);
    void bring_flags(const Instruction& i);
    static bool wants_flags(const Instruction& i);
    void flags_written(const Instruction& i);

    // memory_path.cpp: from an operand to a host address in kTemp0
    struct Access {
        unsigned size{0};
        bool write{false};
        bool aligned{false}; // must be
        bool indexed{false}; // operand() may use both temporaries
        unsigned away{x86::kGprCount}; // a register that is not what it was when the operand is used; kGprCount: none
    };
    [[nodiscard]] bool can_address(const Instruction& i) const;
    void access(const Instruction& i, const Access& access, std::uint32_t site);
    void write_address(const Instruction& i, const ZydisDecodedOperand& operand, Reg to);
    void add_segment(const ZydisDecodedOperand& operand, const Access& access, std::uint32_t site);
    // From the linear address in kTemp0; misses go to the site.
    void look_up(const Access& access, std::uint32_t site);
    // The first half of that: the offset in the page in kTemp0, and the entry's place for host_page() in kTemp1.
    void find_entry(const Access& access, std::uint32_t site);
    void index_entry();
    template <typename Field> [[nodiscard]] Mem entry(const Field& field) const;
    emulate::TlbEntries& entries() const { return shop_.cpu.tlb().set(context_.set); }
    Mem host_page() const;
    std::optional<Reg> direct_base(const Instruction& i, const Access& access) const;
    [[nodiscard]] Mem at_distance(Reg base, std::int32_t displacement, const Access& access, std::uint32_t site);
    std::optional<std::uint64_t> fixed_address(const Instruction& i, const Access& access) const;
    static bool is_relative(const ZydisDecodedOperand& operand);
    void note_wrapping(const Instruction& i, bool relative);
    [[nodiscard]] Mem at_address(std::uint64_t address, bool relative, const Access& access, std::uint32_t site);
    // window_path.cpp: from an operand to its place in the window
    void begin_access(const Instruction& i);
    [[nodiscard]] Mem operand(const Instruction& i, const Access& access, std::uint32_t site);
    [[nodiscard]] Mem window_operand(const Instruction& i, const Access& access, std::uint32_t site);
    void load_operand(Reg to, const Instruction& i, std::uint32_t site);
    [[nodiscard]] Mem stack(std::int32_t offset, const Access& access, std::uint32_t site);
    void may_fault_here(std::uint32_t site);
    const Stubs& stubs() const { return shop_.stubs[context_.window ? 1 : 0]; }

    // groups.cpp: accesses that share a lookup
    struct Group {
        unsigned base{0};
        std::int32_t moved{0}; // what the stack pointer had moved by when it began
        std::int32_t low{0};   // bytes from the register as it was then
        std::int32_t high{0};
        bool write{false};
        bool met{false};
        bool opened{false}; // in the code that has been written
        unsigned uses{0};
    };
    void find_groups();
    [[nodiscard]] GroupPlace join(unsigned base, std::int32_t offset, unsigned size, bool write);
    void close_written(const Instruction& i);
    std::optional<unsigned> sole_base(const Instruction& i) const;
    bool is_open(const GroupPlace& place) const;
    bool looks_up(const Instruction& i) const;
    [[nodiscard]] Mem in_group(const GroupPlace& place, std::int32_t offset, const Access& access, std::uint32_t site);
    // A stack pointer of 32 bits may wrap around between two accesses; see also at_distance().
    bool by_distance(const Group& group) const
    {
        const bool wraps = group.base == x86::kRsp || context_.mode == emulate::DecodeMode::Compat32;
        return !in_memory(group.base) && (context_.long64() || !wraps);
    }
    void open(const Group& group, std::int32_t from, std::uint32_t site);
    // A way from a group's lookup that fails to the same place in the second body.
    struct Detour {
        std::uint8_t* displacement{nullptr};
        const Instruction* at{nullptr};
    };
    struct Landing {
        const Instruction* at{nullptr};
        const std::uint8_t* code{nullptr};
    };
    void write_second_body(const Context& context, std::size_t slot);
    void land(const GroupPlace& place);
    void lead_detours();
    bool in_groups(const GroupPlace& place) const { return place.number >= 0 && !second_; }
    void hand_on(const Instruction& i, bool native, std::size_t first_site);
    bool spares_temporary(const Instruction& i) const;
    static unsigned memory_registers(const Instruction& i);

    std::uint32_t new_site(Site::Kind kind, const Instruction& i);
    void branch_to_site(std::uint8_t* displacement, std::uint32_t site);
    void site_resumes(std::uint32_t site) { shop_.sites[site].resume = a_.address(); }

    // relocate.cpp: the same instruction with other registers
    struct Operands;
    [[nodiscard]] bool plain(const Instruction& i);
    void write_relocated(const Instruction& i, const Operands& operands, const Mem& memory,
                         std::optional<std::uint32_t> fault);
    void repeat(const Instruction& i);
    void write_legacy(const Instruction& i, const Operands& operands, const Mem* memory);
    void write_vex(const Instruction& i, const Operands& operands, const Mem& memory);
    void ensure_unit(const Instruction& i);
    void ensure_live(const std::uint8_t& flag, Site::Kind kind, const Instruction& i, bool& ensured);

    // moves.cpp: LEA, stack, division
    [[nodiscard]] bool lea(const Instruction& i);
    [[nodiscard]] bool divide(const Instruction& i);
    [[nodiscard]] bool push(const Instruction& i);
    [[nodiscard]] bool pop(const Instruction& i);
    void leave(const Instruction& i);
    void load_guest(Reg to, unsigned guest, Width width);
    void push_constant(std::uint64_t value, std::uint32_t site) { push_value(value, false, site); }
    void push_address(std::uint64_t address, std::uint32_t site) { push_value(address, true, site); }
    void push_value(std::uint64_t value, bool address, std::uint32_t site);
    void move_stack_pointer(std::int32_t by);
    [[nodiscard]] bool bit_string(const Instruction& i);
    Width word() const { return context_.long64() ? Width::Qword : Width::Dword; }

    // strings.cpp
    void load_string(const Instruction& i);
    void store_string(const Instruction& i);
    void move_string(const Instruction& i);
    void repeat_move(const Instruction& i);
    void repeat_store(const Instruction& i);
    void repeat_scan(const Instruction& i);
    std::uint32_t string_site(const Instruction& i);
    [[nodiscard]] std::uint8_t* begin_repetition();
    void count_piece(unsigned size, bool two_pointers);
    void take_piece();
    void next_piece(const std::uint8_t* again, std::uint32_t site);
    enum class Direction : std::uint8_t { Up, Down };
    void look_up_downwards(unsigned pointer, unsigned size, bool write, std::uint32_t site);
    void move_one_by_one(unsigned size);
    void move_elements(const Instruction& i, Direction direction);
    void point_behind(Pointers pointers);
    void move_up(const Instruction& i, std::uint32_t site);
    void move_down(const Instruction& i, std::uint32_t site);
    void advance(unsigned pointer, unsigned size);

    // branches.cpp
    void conditional(const Instruction& i);
    void count_zero(const Instruction& i);
    void call(const Instruction& i);
    [[nodiscard]] bool indirect(const Instruction& i);
    void ret(const Instruction& i);
    void load_target(const Instruction& i, std::uint32_t site);
    // The table's entry for the target in kTemp0: its offset in kTemp1; misses go to the site.
    void find_jump(std::uint32_t site);

    // system.cpp: privileged instructions that are frequent
    void swap_gs();
    void mask_interrupts();
    [[nodiscard]] bool unmask_interrupts(const Instruction& i);
    void push_flags(const Instruction& i);
    [[nodiscard]] bool pop_flags(const Instruction& i);
    Mem selector(const ZydisDecodedOperand& operand) const;
    void push_selector(const Instruction& i);
    void read_selector(const Instruction& i);
    [[nodiscard]] bool set_access(const Instruction& i);
    void look_for_interrupts(std::uint64_t rip);

    // selectors.cpp
    [[nodiscard]] bool load_selector(const Instruction& i);
    void fetch_selector(const Instruction& i, std::uint32_t site);
    void load_known_selector(x86::Seg seg, std::uint32_t site);
    void load_null_selector(x86::Seg seg);
    void copy_quadwords(Mem to, Mem from, std::size_t bytes, Reg temporary);
    Mem known(const void* field_of_first) const;

    void interpret(const Instruction& i);

    Mem cell(const void* at) const
    {
        const auto distance =
            static_cast<const std::uint8_t*>(at) - reinterpret_cast<const std::uint8_t*>(&shop_.frame);
        return {.base = kFrame, .displacement = static_cast<std::int32_t>(distance)};
    }
    Mem gpr(unsigned guest) const { return cell(&shop_.cpu.s.gpr[guest]); }
    const JumpEntry& jump_entry(std::uint64_t rip) const { return shop_.frame.jumps[slot_][jump_index(rip)]; }

    Workshop shop_;
    Context context_;
    std::size_t slot_{0};
    ClassMask interpreted_;
    bool single_{false};
    bool window_{false}; // memory is reached through the window
    bool cautious_{false};
    bool second_{false};   // the second body is being written
    bool detouring_{false}; // what would lead to a site leads there
    std::vector<Detour> detours_;
    std::vector<Landing> landings_;
    const Instruction* current_{nullptr};
    std::vector<Group> groups_;
    std::array<int, x86::kGprCount> open_groups_{}; // by register; -1: none
    std::int32_t stack_moved_{0};
    int held_{-1}; // the group whose distance kTemp0 has until an instruction makes its first access; -1: none
    int left_{-1}; // the same behind its last access

    const std::uint8_t* sought_{nullptr}; // what tell() is asked of
    std::optional<Told> told_;

    Block* block_{nullptr};
    std::vector<Instruction> instructions_;
    Assembler a_{nullptr, nullptr};
    Place place_{Place::Nowhere};
    Recipe recipe_; // of the flags as they are
    bool sse_ensured_{false};
    bool avx_ensured_{false};
    bool x87_ensured_{false};
    bool interpreted_last_{false};
    bool just_unmasked_{false}; // the instruction was STI
    std::vector<Cold> cold_;
    const std::uint8_t* begin_{nullptr}; // where the code is written from
    std::vector<Fixup> fixups_;
    bool wraps_{false}; // some address cannot be fixed up
};

} // namespace windsor::translate
