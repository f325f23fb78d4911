// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/sxp.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace windsor::config {
namespace {

constexpr std::size_t kLargestText = 1 << 20;
constexpr int kDeepest = 50;
constexpr std::string_view kBlanks = " \t\r\n\f\v";

class SxpParser {
public:
    explicit SxpParser(std::shared_ptr<const Source> source) : source_{std::move(source)}, text_{source_->text} {}

    std::vector<SxpNode> run()
    {
        if (text_.size() > kLargestText) {
            fail("the text is larger than 1 MiB");
        }
        std::vector<SxpNode> nodes;
        for (;;) {
            skip_blanks();
            if (text_.empty()) {
                return nodes;
            }
            nodes.push_back(node(0));
        }
    }

private:
    [[noreturn]] void fail(std::string message) const { throw Complaint{Location{source_, at_}, std::move(message)}; }

    void advance()
    {
        at_ = text_.front() == '\n' ? Position{at_.line + 1, 1} : Position{at_.line, at_.column + 1};
        text_.remove_prefix(1);
    }

    void skip_blanks()
    {
        while (!text_.empty() && (text_.front() == '#' || kBlanks.find(text_.front()) != std::string_view::npos)) {
            if (text_.front() == '#') {
                while (!text_.empty() && text_.front() != '\n') {
                    advance();
                }
            } else {
                advance();
            }
        }
    }

    SxpNode node(int depth)
    {
        if (depth > kDeepest) {
            fail(fmt::format("parentheses are nested more than {} levels deep", kDeepest));
        }
        SxpNode result;
        result.at = at_;
        switch (text_.front()) {
        case '(': list(result, depth); break;
        case ')': fail("')' closes nothing");
        case '\'':
        case '"': string(result); break;
        default:
            while (!text_.empty() && kBlanks.find(text_.front()) == std::string_view::npos &&
                   std::string_view{"()#"}.find(text_.front()) == std::string_view::npos) {
                result.atom += text_.front();
                advance();
            }
            break;
        }
        return result;
    }

    void list(SxpNode& result, int depth)
    {
        result.is_list = true;
        advance();
        for (;;) {
            skip_blanks();
            if (text_.empty()) {
                throw Complaint{Location{source_, result.at}, "'(' is never closed"};
            }
            if (text_.front() == ')') {
                advance();
                return;
            }
            result.items.push_back(node(depth + 1));
        }
    }

    void string(SxpNode& result)
    {
        const char quote = text_.front();
        advance();
        for (;;) {
            if (text_.empty()) {
                throw Complaint{Location{source_, result.at}, "this string has no closing quote"};
            }
            const char c = text_.front();
            advance();
            if (c == quote) {
                return;
            }
            if (c == '\\' && !text_.empty()) {
                const char escaped = text_.front();
                result.atom += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
                advance();
                continue;
            }
            result.atom += c;
        }
    }

    std::shared_ptr<const Source> source_;
    std::string_view text_;
    Position at_{1, 1};
};

} // namespace

std::expected<std::vector<SxpNode>, Complaint> parse_sxp(const std::shared_ptr<const Source>& source)
{
    try {
        return SxpParser{source}.run();
    } catch (Complaint& complaint) {
        return std::unexpected{std::move(complaint)};
    }
}

} // namespace windsor::config
